#!/usr/bin/env bash
# samples.sh SERVER BUILD [ADDRESS [WORDS]]: each sample as its own test runs it, with SERVER in place of
# longbeat-server; and ingest, whose demo kills servers, with a worker killed only. ADDRESS is not looked at: each
# sample has a server of its own.
set -uo pipefail
export LC_ALL=C.UTF-8
server=$1 build=$2 words=${4:-}
folder=$(mktemp -d) || exit 2
children=()
cleanup() {
  for child in "${children[@]}"; do kill -9 "$child" 2>/dev/null; done
  rm -rf "$folder"
}
trap cleanup EXIT
passed=0 failed=0
# tell NAME CODE LOG
tell() {
  if grep -q -F '***Skipped' "$3" 2>/dev/null; then
    echo "skipped samples  $1: the machine stood still too often"
  elif [ "$2" = 0 ]; then
    echo "ok      samples  $1"
    passed=$((passed + 1))
  else
    echo "FAILED  samples  $1"
    tail -n 20 "$3"
    failed=$((failed + 1))
  fi
}

# The tests of the samples that take a server. testing has one inside.
mapfile -t names < <(ctest --test-dir "$build" -N -L '^samples$' -E 'readme|command_lines|parts|testing' |
  sed -n 's/^ *Test *#[0-9]*: *//p' | grep -F -e "$words")
for name in "${names[@]}"; do
  LONGBEAT_SAMPLES_SERVER=$server timeout -k 5 150 ctest --test-dir "$build" -R "^$name\$" --output-on-failure \
    >"$folder/log" 2>&1
  tell "${name#samples_}" $? "$folder/log"
done

# ingest: one worker dies half way, the next goes on.
ingest() {
  "$server" --port 0 --port-file port >server.log 2>&1 &
  children+=($!)
  for _ in $(seq 200); do [ -s port ] && break; sleep 0.1; done
  local address client
  address=127.0.0.1:$(cat port) || return 1
  awk 'BEGIN { for (i = 1; i <= 6000; ++i) printf "Package: p%d\nVersion: 1.%d\nArchitecture: all\nDepends: p%d, q (>= 2) | r\nDescription: the package with number %d\n\n", i, i, i + 1, i }' >Packages
  "$build/samples/ingest/ingest_worker" --address "$address" >worker-1.log 2>&1 &
  local first=$!
  children+=("$first")
  "$build/samples/ingest/ingest_client" --address "$address" --file Packages --database packages.db --rate 200000 \
    --heartbeat-timeout 2 >client.log 2>&1 &
  client=$!
  children+=("$client")
  # Some have been acknowledged, and others are left.
  local some=' [1-9][0-9]* packages, attempt 1 '
  for _ in $(seq 200); do grep -q "$some" client.log && break; sleep 0.05; done
  grep -q "$some" client.log || { echo 'no progress came'; tail -n 5 client.log worker-1.log; return 1; }
  kill -9 "$first"
  "$build/samples/ingest/ingest_worker" --address "$address" >worker-2.log 2>&1 &
  children+=($!)
  wait "$client" || { tail -n 5 client.log worker-*.log; return 1; }
  grep -q '^attempt 1 ended: ' client.log && grep -q '^ingested 6000 packages with ' client.log || { cat client.log; return 1; }
}
if [[ ingest == *"$words"* ]]; then
  (cd "$folder" && children=() && trap 'for child in "${children[@]}"; do kill -9 "$child" 2>/dev/null; done' EXIT && ingest) \
    >"$folder/log" 2>&1
  tell ingest $? "$folder/log"
fi
echo "samples: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
