#!/usr/bin/env bash
# Prints source files of more than 400 lines (their test module not counted) and fails, unless the file says why in a
# comment `// Long: REASON`. Functions are clippy's business (`too_many_lines`, see clippy.toml); an exception there
# needs a reason too.
set -euo pipefail
cd "$(dirname "$0")/.."

limit=400
found=0

mapfile -t files < <(find . \( -name target -o -name .git \) -prune -o -name '*.rs' -print | sed 's|^\./||' | sort)
for file in "${files[@]}"; do
  lines=$(awk '/^#\[cfg\(test\)\]/ { exit } { n++ } END { print n + 0 }' "$file")
  if [ "$lines" -gt "$limit" ] && ! grep -qE '^// Long: .{10,}' "$file"; then
    echo "$file has $lines lines; the limit is $limit: divide it, or say why not in a line \`// Long: …\`"; found=1
  fi
done

if lines=$(grep -nE '(allow|expect)\(clippy::too_many_lines' "${files[@]}" /dev/null | grep -v 'reason = "'); then
  echo "a long function needs a reason, as in #[expect(clippy::too_many_lines, reason = \"…\")]:"
  sed 's/^/  /' <<<"$lines"; found=1
fi
exit $found
