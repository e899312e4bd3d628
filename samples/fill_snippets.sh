#!/usr/bin/env bash
# fill_snippets.sh: copies the files and their regions into the marked code blocks; compare_snippets.sh checks them.
set -euo pipefail
cd "$(dirname "$0")/.."
for page in README.md samples/*/README.md docs/*.md docs/*/*.md; do
  filled=$(mktemp)
  awk '
    /^<!-- snippet: / { snippet = $3; wanted = 1 }
    /^```/ && wanted { print; fflush(); system("samples/snippet.sh " snippet); wanted = 0; skipping = 1; next }
    /^```/ && skipping { skipping = 0 }
    !skipping { print }
  ' "$page" >"$filled"
  cmp -s "$filled" "$page" || cat "$filled" >"$page"
  rm -f "$filled"
done
