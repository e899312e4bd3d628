# shellcheck shell=bash disable=SC2154
# To be sourced by run.sh: our conformance suite, our samples and the activities of a Go workflow with Temporal's server.

temporal_version() { sed -n 's/^.go.temporal.io.server v//p' "$here/temporal/go.mod"; }

# Where nothing is cached its modules compile for six minutes on two cores, so this begins before all else.
begin_temporal() {
  temporal=1
  can_go temporal "$here/temporal/go.mod" || return
  local program
  for program in test/conformance/conformance test/conformance/conformance_worker test/conformance/conformance_client \
    samples/ingest/ingest_worker; do
    [ -x "$build/$program" ] || { skip temporal "$program has not been built"; return; }
  done
  temporal=0
  (cd "$here/temporal" && GOTOOLCHAIN=local exec timeout 900 nice -n 10 \
    go build -p 2 -buildvcs=false -ldflags='-s -w' -o "$folder/temporal_server" .) >"$run/temporal-build.log" 2>&1 &
  temporal_pid=$!
}

prepare_temporal() {
  [ "$temporal" = 0 ] || return 1
  wait "$temporal_pid"
  temporal=$? temporal_pid=
  [ "$temporal" = 0 ] || { no_packages temporal "$run/temporal-build.log"; return 1; }
  echo "temporal  Temporal's server $(temporal_version), $(go env GOVERSION)"
}

run_temporal() {
  prepare_temporal || return
  local port_file=$run/temporal-port  # Of the programs below.
  "$folder/temporal_server" --port-file "$port_file" --log-file "$run/temporal.log" >"$run/temporal.out" 2>&1 &
  temporal_pid=$!
  for _ in $(seq 600); do [ -s "$port_file" ] && break; sleep 0.1; done
  if [ ! -s "$port_file" ]; then
    echo "FAILED  temporal  its server did not start: $(head -n 3 "$run/temporal.out" "$run/temporal.log")"
    failed=$((failed + 1))
    return
  fi
  programs suite "$here/temporal/suite.sh" "$build/test/conformance"
  row "Temporal's server with our conformance suite" "$(temporal_version)" suite
  programs samples "$here/temporal/samples.sh" "$folder/temporal_server" "$build"
  row "Temporal's server with our samples" "$(temporal_version)" samples
  if prepare_go; then
    programs workflows env LONGBEAT_INTEROP_CPP="$cpp" "$folder/interop_go" workflows
    row "Temporal's server, a Go workflow whose activities C++ runs" "$(temporal_version)" workflows
  fi
  kill "$temporal_pid"
  wait "$temporal_pid" || { echo "FAILED  temporal  its server ended with $?"; failed=$((failed + 1)); }
  temporal_pid=
}
