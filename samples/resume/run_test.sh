#!/usr/bin/env bash
# run_test.sh SERVER WORKER CLIENT: kill -9 of the first worker half way; the second one has to go on from a checkpoint.
set -euo pipefail
server=$1 worker=$2 client=$3
# shellcheck source=samples/server.sh
. "$(dirname "$(readlink -f "$0")")/../server.sh"
start_server "$server"
cd "$directory"

"$worker" "$address" >worker-1.log 2>&1 &
first=$!
children+=("$first")
"$client" "$address" >client.log 2>&1 &
client_pid=$!
children+=("$client_pid")
for _ in $(seq 200); do
  size=$(stat -c %s resume-copy 2>/dev/null || echo 0)
  [ "$size" -ge 150000 ] && break
  sleep 0.1
done
[ "$size" -ge 150000 ] || { echo "no half copy: $size bytes"; cat worker-1.log client.log; exit 1; }
kill -9 "$first"
wait "$first" 2>/dev/null || true
size=$(stat -c %s resume-copy)  # It went on between our look and its end.

"$worker" "$address" >worker-2.log 2>&1 &
children+=($!)
wait "$client_pid" || { echo "the client failed"; cat client.log worker-2.log; exit 1; }
printed=$(cat client.log)
pattern='^copied 330000 bytes; attempt 2 began at byte ([0-9]+)$'
[[ $printed =~ $pattern ]] || { echo "printed '$printed'"; exit 1; }
began=${BASH_REMATCH[1]}
[ "$began" -gt 0 ] && [ "$began" -le "$size" ] || { echo "it had copied $size bytes and went on at $began"; exit 1; }
grep -q "attempt 2 begins at byte $began" worker-2.log || { echo "the second worker said:"; cat worker-2.log; exit 1; }
cmp resume-original resume-copy || { echo "the copy differs"; exit 1; }
