//! Refuses to build where libssh would be compiled along: `libssh-rs-sys`, of which only types and constants are used,
//! does that silently when pkg-config does not find the library.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Only its own build of libssh tells where it lies.
    if env::var_os("DEP_LIBSSH_ROOT").is_some() {
        println!(
            "cargo::error=pkg-config does not find libssh for {}; install Debian's package libssh-dev (`apt-get install \
             libssh-dev`, for another machine `libssh-dev:arm64`)",
            env::var("TARGET").unwrap_or_default()
        );
    }
}
