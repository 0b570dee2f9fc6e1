# The same words everywhere: what a person types, what the CI runs. CARGO_TARGET_DIR is respected.
.DEFAULT_GOAL := help
SCRIPTS := bench bench-hearing fuzz verify deb models
.PHONY: help demo test lint audit install $(SCRIPTS)

help: ## this list
	@awk -F ': .*## ' '/^[a-z]+: .*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile
	@for t in $(SCRIPTS); do [ ! -x scripts/$$t.sh ] || printf 'make %-13s %s\n' $$t "$$(sed -n '2s/^# //p' scripts/$$t.sh)"; done

demo: ## speak to it and hear it answer, with nothing else installed (ARGS="--live --keep DIR")
	@scripts/setup.sh build demo
	@cargo run --features demo -- demo $(ARGS)

test: ## every test, with a real broker, sound server and voices
	@scripts/setup.sh build test
	@scripts/models.sh
	@scripts/test.sh $(ARGS)

lint: ## format, clippy, licences and sources of the crates, the purity of core/, lengths
	@scripts/setup.sh build lint
	@cargo fmt --all --check
	@scripts/purity.sh
	@scripts/lengths.sh
	@cargo clippy --quiet --workspace --all-targets --all-features -- -D warnings
	@# Lengths of functions, see clippy.toml; tests may be as long as their tables.
	@cargo clippy --quiet --workspace --all-features -- -D warnings -D clippy::too_many_lines
	@scripts/cargo-deny.sh check bans licenses sources

audit: ## known holes in the crates that we use (asks the advisory database: needs the network)
	@scripts/setup.sh build
	@scripts/cargo-deny.sh check advisories

# Each of these is a script of the same name, described in its second line. One that is not written yet says so and fails.
$(SCRIPTS):
	@[ -x scripts/$@.sh ] || { echo "make $@: not there yet (no scripts/$@.sh)" >&2; exit 1; }
	@scripts/setup.sh build
	@scripts/$@.sh $(ARGS)

install: ## build for this machine; program to /usr/local/bin, sample settings to /etc/auricle (as root or with sudo)
	@scripts/setup.sh build demo
	@scripts/models.sh
	@cargo build --release
	@scripts/install.sh
