#!/usr/bin/env bash
# binary.sh ADDRESS: the `temporal` command itself, from the PATH, against the server at ADDRESS. Prints one line a case.
set -uo pipefail
address=$1 word=cli-$$ passed=0 failed=0

# says WORD ARGUMENTS...: the command must end well and print WORD.
says() {
  local word=$1 out
  shift
  if out=$(timeout 30 temporal "$@" --address "$address" 2>&1) && grep -qF -- "$word" <<<"$out"; then
    passed=$((passed + 1))
    echo "ok      temporal  $*"
  else
    failed=$((failed + 1))
    echo "FAILED  temporal  $*: $(head -n 3 <<<"$out" | tr '\n' ' ')"
  fi
}

says SERVING operator cluster health
says default operator namespace describe --namespace default
says "$word" activity start --activity-id "$word" --type work --task-queue "$word" --start-to-close-timeout 1m --input 42
says "$word" activity describe --activity-id "$word"
says "$word" activity list --query "TaskQueue = '$word'"
says 1 activity count --query "TaskQueue = '$word'"
says '' activity pause --activity-id "$word"
says '' activity unpause --activity-id "$word"
says '' activity cancel --activity-id "$word" --reason enough
says '' task-queue describe --task-queue "$word"
says '' worker list
echo "temporal: $passed passed, $failed failed"
[ "$failed" = 0 ]
