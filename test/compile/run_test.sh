#!/usr/bin/env bash
# run_test.sh SOURCE COMPILER FLAG...: the file compiles; with -DLONGBEAT_WRONG each use under a line "// expect: TEXT"
# is refused by one error with that text, which points to the use, and by nothing else. "// shown: TEXT" only asks that
# the text is shown: how compilers report a throw in a constant is their own.
set -euo pipefail
source=$1
shift
name=$(basename "$source")
fail() {
  echo "$name: $1"
  [ -z "${2-}" ] || head -c 6000 <<<"$2"
  exit 1
}

right=$("$@" -fsyntax-only "$source" 2>&1) || fail "the right uses do not compile:" "$right"
grep -q '// \(expect\|shown\): ' "$source" || exit 0
if wrong=$("$@" -fsyntax-only -DLONGBEAT_WRONG "$source" 2>&1); then fail "the wrong uses compile"; fi

uses=0
while IFS=: read -r line text; do
  uses=$((uses + 1))
  grep -qF -- "${text#*: }" <<<"$wrong" || fail "line $line: the compiler does not say '${text#*: }':" "$wrong"
  grep -q "$name:$((line + 1)):" <<<"$wrong" || fail "line $((line + 1)) is not named:" "$wrong"
done < <(grep -n '// \(expect\|shown\): ' "$source" | sed 's|^\([0-9]*\): *//|\1:|')

# No more errors than wrong uses: a message of ours is not buried under those that follow from it.
if grep -q '// expect: ' "$source"; then
  foreign=$(grep 'error:' <<<"$wrong" | grep -v 'longbeat: ' || true)
  [ -z "$foreign" ] || fail "there are errors without a message of ours:" "$foreign"$'\n'"$wrong"
  errors=$(grep -c 'error:' <<<"$wrong")
  [ "$errors" -eq "$uses" ] || fail "$uses wrong uses make $errors errors:" "$wrong"
fi
echo "$name: $uses wrong uses are refused"
