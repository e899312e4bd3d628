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

# cases PROGRAM RESULT: what Catch2's XML says of each case: state, name and why, with tabs between them.
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
      state = attribute("success") != "true" ? "FAILED" : left != "" ? "partly" : "ok"
      printf "%s\t%s\t%s\n", state, name, state == "partly" ? left : why
      name = ""
    }
    END { if (name != "") printf "ended\t%s\t%s ended in it\n", name, program }' "$2"
}

# once_more PROGRAM: tells the cases that come in. Temporal's server is slow on a busy machine: what failed beside the
# others may still pass alone, and that is told as such.
once_more() {
  local state name why
  while IFS=$'\t' read -r state name why; do
    if [ "$state" = FAILED ] &&
      "$folder/../unhindered" "$folder/$1" "$(sed 's/[],[\\*"]/\\&/g' <<<"$name")" >/dev/null 2>&1; then
      state=ok name="$name (alone; beside the others it failed" why="$why)"
    fi
    printf '%-7s suite  %s%s\n' "${state/ended/FAILED}" "$name" "${why:+: $why}"
  done
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
  program=${programs[$i]}
  wait "${pids[$i]}"
  code=$?
  cases "$program" "$results/$program" >"$results/$program.cases"
  [ "$code" = 0 ] || grep -q -E '^(FAILED|ended)' "$results/$program.cases" || bad=$code
done
for program in "${programs[@]}"; do once_more "$program" <"$results/$program.cases"; done | tee "$results/told"
awk -v bad="$bad" '
  /^ok / { passed++ }
  /^FAILED / { failed++ }
  END { printf "suite: %d passed, %d failed\n", passed, failed; exit failed > 0 ? 1 : bad }' "$results/told"
