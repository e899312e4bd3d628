#!/usr/bin/env bash
# run_test.sh SERVER SAMPLE APPROVER: the second program completes what the first one waits for, once, also when the first
# one was killed and runs again.
set -euo pipefail
server=$1 sample=$2 approver=$3
# shellcheck source=samples/server.sh
. "$(dirname "$(readlink -f "$0")")/../server.sh"
start_server "$server"
cd "$directory"

if "$approver" "$address" >early.log 2>&1; then echo "it approved nothing"; exit 1; fi
run_sample() {
  : >sample.log  # Here, not when the child comes to it: what the sample before has printed must not be taken for its own.
  (umask 0; exec "$sample" "$address") >sample.log 2>&1 &
  sample_pid=$!
  children+=("$sample_pid")
}
run_sample
for _ in $(seq 200); do [ -e longbeat-ticket ] && break; sleep 0.1; done
[ -e longbeat-ticket ] || { echo "no ticket came"; cat sample.log; exit 1; }
[ "$(stat -c %a longbeat-ticket)" = 600 ] || { echo "others can read the ticket"; exit 1; }
kill -9 "$sample_pid"
wait "$sample_pid" 2>/dev/null || true
run_sample
asked="new laptop: somebody has to decide"
for _ in $(seq 200); do grep -q "^$asked$" sample.log && break; sleep 0.1; done
grep -q "^$asked$" sample.log || { echo "the sample does not say that it waits"; cat sample.log; exit 1; }

printed=$("$approver" "$address") || { echo "the approver failed"; cat sample.log; exit 1; }
[ "$printed" = approved ] || { echo "the approver printed '$printed'"; exit 1; }
wait "$sample_pid" || { echo "the sample failed"; cat sample.log; exit 1; }
[ "$(cat sample.log)" = "$asked"$'\n'"new laptop: approved" ] || { echo "the sample printed:"; cat sample.log; exit 1; }
if "$approver" "$address" >late.log 2>&1; then echo "it approved twice"; exit 1; fi
grep -q '^too late: ' late.log || { echo "the second approval said:"; cat late.log; exit 1; }
