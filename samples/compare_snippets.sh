#!/usr/bin/env bash
# compare_snippets.sh SOURCE_FOLDER: each code block of a readme that follows a line "<!-- snippet: FILE -->" must be
# that file, letter by letter. The files are compiled and run by other tests, so the readmes cannot rot.
set -euo pipefail
cd "$1"
compared=0 failed=0
for readme in README.md samples/*/README.md docs/*.md; do
  while IFS=: read -r line file; do
    if ! diff -u --label "$file" --label "$readme:$line" "$file" <(
      awk -v from="$line" 'NR <= from { next } /^```/ { if (inside) exit; inside = 1; next } inside' "$readme"); then
      failed=1
    fi
    compared=$((compared + 1))
  done < <(grep -n '^<!-- snippet: ' "$readme" | sed 's/<!-- snippet: \(.*\) -->/\1/')
done
[ "$compared" -gt 0 ] || { echo "no snippets found"; exit 1; }
echo "$compared snippets compared"
exit $failed
