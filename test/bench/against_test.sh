#!/usr/bin/env bash
# against_test.sh BENCH SERVER: longbeat-bench --against, with a server of ours as the other side, and what it says when
# there is none to measure.
set -uo pipefail
bench=$1 server=$2
folder=$(mktemp -d) || exit 1
server_pid= echo_pid= strict_pid=
cleanup() {
  local pid
  for pid in $server_pid $echo_pid $strict_pid; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
  rm -rf "$folder"
}
trap cleanup EXIT
failed=0

# port_of FILE LOG: the port that a program writes when it listens.
port_of() {
  for _ in $(seq 200); do [ -s "$1" ] && cat "$1" && return; sleep 0.05; done
  echo "FAILED  no server: $(cat "$2")" >&2
  return 1
}

"$server" --port 0 --port-file "$folder/port" >"$folder/server.log" 2>&1 &
server_pid=$!
"$bench" --echo-server "$folder/echo.port" >"$folder/echo.log" 2>&1 &
echo_pid=$!
printf '[limits]\nrequests_per_second = 20\n' >"$folder/strict.toml"
"$server" --config "$folder/strict.toml" --port 0 --port-file "$folder/strict.port" >"$folder/strict.log" 2>&1 &
strict_pid=$!
address=127.0.0.1:$(port_of "$folder/port" "$folder/server.log") || exit 1
echo_address=127.0.0.1:$(port_of "$folder/echo.port" "$folder/echo.log") || exit 1
strict_address=127.0.0.1:$(port_of "$folder/strict.port" "$folder/strict.log") || exit 1

# says CODE PATTERN ARGUMENT...: the program ends with CODE, and the first thing on stderr fits.
says() {
  local code=$1 pattern=$2 seen
  shift 2
  "$bench" --server "$server" --dir "$folder" --quick --pairs 1 "$@" >"$folder/out" 2>"$folder/err"
  seen=$?
  [ "$seen" = "$code" ] && [[ $(head -n 1 "$folder/err") =~ $pattern ]] && return
  echo "FAILED  $* ended with $seen, not with $code and '$pattern':"
  cat "$folder/out" "$folder/err"
  failed=1
}

says 0 '^$' --against "$address"
for load in start execute heartbeat; do
  # Load, in flight | rate, p50, p99, errors | the same of theirs | ratio.
  grep -qE "^$load +[0-9]+ \|( +[1-9][0-9]* +[0-9.]+ +[0-9.]+ +0 \|){2} +[0-9.]+ \(" "$folder/out" && continue
  echo "FAILED  no line of $load without errors:"
  cat "$folder/out"
  failed=1
done
grep -qE "^theirs: $address, version [0-9.]+.*, namespace default" "$folder/out" || { echo 'FAILED  no name'; failed=1; }

# Refusals are counted, and what cannot even begin is no figure.
for line in 'start:^  theirs: [0-9]+ times start: RESOURCE_EXHAUSTED' \
            'heartbeat:^heartbeat +16 \| not measured, theirs: start: RESOURCE_EXHAUSTED'; do
  "$bench" --server "$server" --dir "$folder" --quick --against "$strict_address" --only "${line%%:*}" >"$folder/out" 2>&1
  grep -qE "${line#*:}" "$folder/out" || { echo "FAILED  no '${line#*:}':"; cat "$folder/out"; failed=1; }
  sleep 1  # Until calls are free again.
done

for bad in '' nowhere http://host:7233; do
  says 2 "^longbeat-bench: --against is '.*', accepted is HOST:PORT" --against "$bad"
done
says 1 "^longbeat-bench: $echo_address is no server of this protocol: it names no version$" --against "$echo_address"
says 1 "has no namespace 'elsewhere'$" --against "$address" --namespace elsewhere
says 2 'no load|start, execute, heartbeat' --against "$address" --only parked
says 2 '^longbeat-bench: --namespace is for --against' --namespace default
kill "$server_pid" && wait "$server_pid"
server_pid=
says 1 "^longbeat-bench: nothing answers at $address" --against "$address"
[ "$failed" = 0 ] && echo "as expected"
exit "$failed"
