#!/usr/bin/env bash
# signals_test.sh SERVER STUCK: a signal that comes twice within a moment is one signal, as from timeout(1); a second one
# after a second or more ends server and worker at once, whatever they wait for.
set -uo pipefail
server=$1 stuck=$2
folder=$(mktemp -d)
children=()
cleanup() {
  for child in "${children[@]}"; do kill -9 "$child" 2>/dev/null; wait "$child" 2>/dev/null; done
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder" || exit 1
fail() { printf 'FAILED: %s\n' "$*"; tail -n 5 -- *.log; exit 1; }

start_server() {
  rm -f port
  "$server" --port 0 --port-file port --db-filename a.db >server.log 2>&1 &
  server_pid=$!
  children+=("$server_pid")
  for _ in $(seq 200); do [ -s port ] && return; sleep 0.05; done
  fail 'the server did not start'
}
# start_stuck MODE LINE: until it has said LINE.
start_stuck() {
  rm -f "$1.log"
  "$stuck" "$1" "127.0.0.1:$(cat port)" >"$1.log" 2>&1 &
  stuck_pid=$!
  children+=("$stuck_pid")
  for _ in $(seq 200); do grep -qsx "$2" "$1.log" && return; sleep 0.05; done
  fail "$1 did not say '$2'"
}
# ends_with CODE PID WHAT: within three seconds.
ends_with() {
  local got
  for _ in $(seq 60); do
    if ! kill -0 "$2" 2>/dev/null; then
      wait "$2"
      got=$?
      [ "$got" = "$1" ] || fail "$3 ended with $got, expected $1"
      return
    fi
    sleep 0.05
  done
  fail "$3 did not end"
}
twice() { kill -TERM "$1" && sleep 0.02 && kill -TERM "$1"; }
goes_on() { sleep 0.3; kill -0 "$1" 2>/dev/null || fail "$2 ended by a signal that came twice within a moment"; }

start_server
start_stuck call open
twice "$server_pid"
goes_on "$server_pid" 'the server'
kill -9 "$stuck_pid"
wait "$stuck_pid" 2>/dev/null
ends_with 0 "$server_pid" 'the server whose last call has gone'
[ ! -e a.db-wal ] || fail 'a clean stop left a.db-wal'

timeout 1 "$server" --port 0 --db-filename a.db >timeout.log 2>&1
[ "$?" = 124 ] || fail 'the server under timeout(1)'
[ ! -e a.db-wal ] || fail 'timeout(1) left a.db-wal'

start_server
start_stuck worker running
twice "$stuck_pid"
goes_on "$stuck_pid" 'the worker'
sleep 0.8
kill -TERM "$stuck_pid"
ends_with 143 "$stuck_pid" 'the worker with a stuck activity, by its second signal'

start_stuck call open
kill -TERM "$server_pid"
sleep 1.1
kill -TERM "$server_pid"
ends_with 143 "$server_pid" 'the server with an open call, by its second signal'

start_server
grep -q ', activities recovered: 1 open, 0 closed$' server.log || fail 'the restarted server did not tell what it recovered'
echo 'signals end what they should'
