#!/usr/bin/env bash
# run_sample.sh SERVER README PROGRAM [--may-skip PATTERN...]: runs the sample's program against a server of its own and
# compares what it prints with the readme's block of code after "prints". With --may-skip, lines may be missing, what a
# slow machine does not see, but for the last one and one that is like each PATTERN. Lines of the log, which spdlog
# writes to stdout by default, do not count.
set -euo pipefail
server=$1 readme=$2 program=$3 may_skip=${4:-}
shift 3
# shellcheck source=samples/server.sh
. "$(dirname "$(readlink -f "$0")")/server.sh"

awk '/prints.*:$/ { wanted = 1 } /^```/ && inside { exit } inside { print } /^```/ && wanted { inside = 1 }' \
  "$readme" >"$directory/expected"
[ -s "$directory/expected" ] || { echo "$readme does not tell what the program prints"; exit 1; }

start_server "$server"
cd "$directory"
"$program" "$address" >all 2>errors || { echo "$program failed:"; cat all errors; exit 1; }
grep -v -E '^\[[-0-9]+ [:.0-9]+\] \[[a-z]+\] ' all >printed || true
if [ "$may_skip" = --may-skip ]; then
  for pattern in "${@:2}"; do
    grep -q -x -e "$pattern" printed || { echo "no line is '$pattern', all that it wrote:"; cat all errors; exit 1; }
  done
  # What is missing is taken out of the expectation, but for the last line.
  grep -F -x -f printed expected >seen || true
  [ "$(tail -n 1 expected)" = "$(tail -n 1 printed)" ] && mv seen expected
fi
diff -u expected printed || { echo "all that it wrote:"; cat all errors; exit 1; }
