#!/usr/bin/env bash
# suite.sh FOLDER ADDRESS [WORDS]: our conformance suite, those programs of FOLDER that take a server from outside,
# against the server at ADDRESS: one line a case. WORDS picks cases by name. What is left out there, in part or as a
# whole, is told with its reason and does not count.
set -uo pipefail
export LC_ALL=C.UTF-8
folder=$1 words=${3:-}
export LONGBEAT_TEST_ADDRESS=$2
results=$(mktemp -d) || exit 2
trap 'rm -rf "$results"' EXIT

# cases PROGRAM: what Catch2's XML says of each case.
cases() {
  awk -v program="$1" '
    function text(s) {
      gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&amp;/, "\\&", s)
      return s
    }
    function attribute(name) {
      return match($0, name "=\"[^\"]*\"") ? text(substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3)) : ""
    }
    /<TestCase / { name = attribute("name"); why = ""; left = "" }
    /<Warning>/ { getline; gsub(/^ +/, ""); if (sub(/^Left out on a server that is not ours: /, "")) left = text($0) }
    /<(Expression|Exception|FatalErrorCondition)[ >]/ && why == "" { why = attribute("filename") ":" attribute("line") }
    /<Expanded>/ && why !~ / / { getline; gsub(/^ +/, ""); why = why " " text($0) }
    /<OverallResult / {
      if (attribute("success") == "true" && left != "") printf "partly  suite  %s: %s\n", name, left
      else if (attribute("success") == "true") { printf "ok      suite  %s\n", name; passed++ }
      else { printf "FAILED  suite  %s: %s\n", name, why; failed++ }
      name = ""
    }
    END {
      if (name != "") { printf "FAILED  suite  %s: %s ended in it\n", name, program; failed++ }
      printf "%d %d\n", passed, failed >counts
    }' counts="$2.counts" "$2"
}

programs=(conformance conformance_worker conformance_client)
pids=()
for program in "${programs[@]}"; do
  # [local] starts servers of its own. The programs wait most of the time: they go on beside each other.
  timeout -k 5 380 "$folder/$program" "${words:+*$words*}~[local]" -r xml >"$results/$program" 2>&1 &
  pids+=($!)
done
bad=0
for i in "${!programs[@]}"; do
  wait "${pids[$i]}" || bad=1
  cases "${programs[$i]}" "$results/${programs[$i]}"
done
awk -v bad="$bad" '
  { passed += $1; failed += $2 }
  END { printf "suite: %d passed, %d failed\n", passed, failed; exit failed > 0 || bad }' "$results"/*.counts
