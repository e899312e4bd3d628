#!/usr/bin/env bash
# run.sh BUILD: runs the unit tests and the simulation of a build with LONGBEAT_COVERAGE, and tells per folder how many
# lines they came to. Fails when a folder is below the least. run.sh --targets: what has to be built.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
folders=(server-stub/src/machine server-stub/src/matching server-stub/src/engine sdk/src/core)
units=(machine matching engine core worker client)
least=95
if [ "${1:-}" = --targets ]; then
  printf '%s ' "${units[@]/#/unit_}" simulation longbeat-simulate
  exit
fi
build=$1
llvm=/usr/lib/llvm-14/bin
counts=$build/counts
rm -rf "$counts"
mkdir -p "$counts"

programs=()
count() {  # count NAME PROGRAM [ARGUMENT...]
  local name=$1 log=$counts/$1.log
  shift
  programs+=(-object "$1")
  LLVM_PROFILE_FILE=$counts/$name.%p.profraw "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; echo "coverage: $name fails" >&2; exit 1; }
}
for unit in "${units[@]}"; do count "unit_$unit" "$build/test/unit/$unit/unit_$unit"; done
count simulation "$build/test/simulation/simulation"
count seeds "$build/test/simulation/longbeat-simulate" --seeds 300

"$llvm/llvm-profdata" merge -sparse "$counts"/*.profraw -o "$counts/all.profdata"
"$llvm/llvm-cov" export -format=lcov -instr-profile "$counts/all.profdata" "${programs[@]:1}" \
  -ignore-filename-regex='^/usr/|/test/' >"$counts/lines.lcov" 2>"$counts/llvm-cov.log"
# A line that several programs have counts once, and as reached when one of them came to it. ccache makes paths relative.
awk -v folders="${folders[*]}" -v least="$least" '
  /^SF:/ { file = match($0, /(server-stub|sdk)\/src\/.*/) ? substr($0, RSTART) : "" }
  /^DA:/ && file != "" { split(substr($0, 4), at, ","); seen[file, at[1]] = 1; files[file] = 1; if (at[2] + 0 > 0) hit[file, at[1]] = 1 }
  END {
    for (place in seen) {
      split(place, at, SUBSEP)
      lines[at[1]]++
      if (place in hit) reached[at[1]]++
      else missing[at[1]] = missing[at[1]] " " at[2]
    }
    count = split(folders, names, " ")
    for (i = 1; i <= count; i++) {
      all = of_it = 0
      for (file in files) if (index(file, names[i] "/") == 1) { all += lines[file]; of_it += reached[file] }
      percent = all ? 100 * of_it / all : 0
      printf "%-28s %6d lines %6.1f %%\n", names[i], all, percent
      if (percent < least) low = low " " names[i]
      for (file in files) if (index(file, names[i] "/") == 1) shown[file] = 1
    }
    for (file in shown) if (100 * reached[file] < least * lines[file]) {
      sorted = missing[file]
      command = "tr \" \" \"\\n\" | sort -n | tr \"\\n\" \" \""
      printf "  %-44s %5.1f %%, not reached:", file, 100 * reached[file] / lines[file]
      fflush()
      print sorted | command
      close(command)
      print ""
    }
    if (low != "") { print "coverage: below " least " % of the lines:" low; exit 1 }
    print "coverage: every folder has at least " least " % of its lines"
  }' "$counts/lines.lcov"
