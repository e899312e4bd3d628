#!/usr/bin/env bash
# run_test.sh SERVER WORKER CLIENT: runs the sample as its README tells and compares what it prints.
set -euo pipefail
server=$1 worker=$2 client=$3
# shellcheck source=samples/server.sh
. "$(dirname "$(readlink -f "$0")")/../server.sh"
start_server "$server"

"$worker" "$address" >"$directory/worker.log" 2>&1 &
children+=($!)
printed=$("$client" "$address") || { echo "the client failed"; cat "$directory/worker.log"; exit 1; }
[ "$printed" = "Hello, world!" ] || { echo "printed '$printed', expected 'Hello, world!'"; exit 1; }

kill -TERM "${children[1]}"
wait "${children[1]}" || { echo "the worker did not end cleanly on SIGTERM"; cat "$directory/worker.log"; exit 1; }
