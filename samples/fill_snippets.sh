#!/usr/bin/env bash
# fill_snippets.sh: copies the sample files into the readmes' marked code blocks; compare_snippets.sh checks them.
set -euo pipefail
cd "$(dirname "$0")/.."
for readme in README.md samples/*/README.md docs/*.md; do
  filled=$(mktemp)
  awk '
    /^<!-- snippet: / { file = $3; wanted = 1 }
    /^```/ && wanted { print; while ((getline line < file) > 0) print line; close(file); wanted = 0; skipping = 1; next }
    /^```/ && skipping { skipping = 0 }
    !skipping { print }
  ' "$readme" >"$filled"
  cmp -s "$filled" "$readme" || cat "$filled" >"$readme"
  rm -f "$filled"
done
