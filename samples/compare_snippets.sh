#!/usr/bin/env bash
# compare_snippets.sh SOURCE_FOLDER: each code block of a readme or a page of docs that follows a line
# "<!-- snippet: FILE -->" must be that file, letter by letter; with "<!-- snippet: FILE#region -->", the lines between
# "// [region]" and the next "// [end]" in it, as far to the left as those. The files are compiled and run by other tests,
# so the pages cannot rot. C++ in any other block is refused.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
compared=0 failed=0
for page in README.md samples/*/README.md docs/*.md docs/*/*.md; do
  while IFS=: read -r line snippet; do
    if ! diff -u --label "$snippet" --label "$page:$line" <("$here/snippet.sh" "$snippet") <(
      awk -v from="$line" 'NR <= from { next } /^```/ { if (inside) exit; inside = 1; next } inside' "$page"); then
      failed=1
    fi
    compared=$((compared + 1))
  done < <(grep -n '^<!-- snippet: ' "$page" | sed 's/<!-- snippet: \(.*\) -->/\1/')
  awk -v page="$page" '/^```(cpp|c\+\+)/ && before !~ /^<!-- snippet: / { print page ":" NR ": C++ without a snippet"; bad = 1 }
    { before = $0 } END { exit bad }' "$page" || failed=1
done
[ "$compared" -gt 0 ] || { echo "no snippets found"; exit 1; }
echo "$compared snippets compared"
exit $failed
