#!/usr/bin/env bash
# run_test.sh SERVER WORKER CLIENT: runs the sample as its README tells and compares what it prints.
set -euo pipefail
server=$1 worker=$2 client=$3
directory=$(mktemp -d)
children=()
cleanup() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  for child in "${children[@]}"; do wait "$child" 2>/dev/null || true; done
  rm -rf "$directory"
}
trap cleanup EXIT

"$server" --port 0 --port-file "$directory/port" >"$directory/server.log" 2>&1 &
children+=($!)
for _ in $(seq 100); do [ -s "$directory/port" ] && break; sleep 0.1; done
[ -s "$directory/port" ] || { echo "the server did not start:"; cat "$directory/server.log"; exit 1; }
address=127.0.0.1:$(cat "$directory/port")

"$worker" "$address" >"$directory/worker.log" 2>&1 &
children+=($!)
printed=$("$client" "$address") || { echo "the client failed"; cat "$directory/worker.log"; exit 1; }
[ "$printed" = "Hello, world!" ] || { echo "printed '$printed', expected 'Hello, world!'"; exit 1; }

kill -TERM "${children[1]}"
wait "${children[1]}" || { echo "the worker did not end cleanly on SIGTERM"; cat "$directory/worker.log"; exit 1; }
