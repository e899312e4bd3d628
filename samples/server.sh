# shellcheck shell=bash
# To be sourced by the tests of the samples: starts a server for them, and ends what they have started.
directory=$(mktemp -d)
children=()
cleanup() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  for child in "${children[@]}"; do wait "$child" 2>/dev/null || true; done
  rm -rf "$directory"
}
trap cleanup EXIT

# start_server PROGRAM: sets `address`. Its port is a free one, its database is in memory. LONGBEAT_SAMPLES_SERVER is
# another server with the same two flags.
start_server() {
  "${LONGBEAT_SAMPLES_SERVER:-$1}" --port 0 --port-file "$directory/port" >"$directory/server.log" 2>&1 &
  children+=($!)
  for _ in $(seq 100); do [ -s "$directory/port" ] && break; sleep 0.1; done
  [ -s "$directory/port" ] || { echo "the server did not start:"; cat "$directory/server.log"; exit 1; }
  # shellcheck disable=SC2034
  address=127.0.0.1:$(cat "$directory/port")
}
