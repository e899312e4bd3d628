#!/usr/bin/env bash
# snippet.sh FILE | FILE#region: what a page shows of it; see compare_snippets.sh.
set -euo pipefail
file=${1%%#*}
[ "$file" != "$1" ] || exec cat "$file"
awk -v region="${1#*#}" -v name="$1" '
  $0 ~ "^ *// \\[" region "\\]$" { margin = match($0, "//") - 1; inside = found = 1; next }
  inside && /^ *\/\/ \[end\]$/ { inside = 0 }
  inside { print substr($0, 1, margin) ~ /[^ ]/ ? $0 : substr($0, margin + 1) }
  END { if (!found || inside) { print name ": no such region, or it has no end"; exit 1 } }' "$file"
