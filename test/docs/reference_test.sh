#!/usr/bin/env bash
# reference_test.sh HEADERS PAGE: PAGE has a section "### Name" for each options struct and each enum of the public
# headers, in it a row "| `field` | ..." for each field or enumerator, and none for what does not exist.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
names=$(awk -f "$here/public_names.awk" "$1"/*.h "$1"/*/*.h | LC_ALL=C sort -u)
[ "$(wc -l <<<"$names")" -gt 150 ] || { echo "the headers are not read as they should be: $names"; exit 1; }
rows=$(awk '/^##+ / { section = $2 } /^\| `[A-Za-z_]+` \|/ { split($0, cells, "`"); print section "." cells[2] }' "$2")
diff --label "the headers" --label "$2" <(printf '%s\n' "$names") <(printf '%s\n' "$rows" | LC_ALL=C sort) || {
  echo "lines with < are missing in $2, lines with > name nothing (or something twice)"
  exit 1
}
echo "$(wc -l <<<"$names") names, each with its row"
