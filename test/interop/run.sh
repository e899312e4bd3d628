#!/usr/bin/env bash
# run.sh SERVER CPP FOLDER [PART|all [WORDS]]: Temporal's own SDKs against the binary SERVER, a fresh database and a
# free port, and each of them together with CPP, our SDK's program; temporal is the other way round: ours against
# Temporal's server. Parts: python, node, go, cli, descriptors, temporal. Packages and what is built of them go to
# FOLDER. WORDS picks cases by name. A part whose toolchain or packages cannot be had is
# skipped with one line; with CI=true only a missing toolchain is. A whole run brings the table in docs/interop.md up to
# date; with CI=true it fails when that says something else.
set -uo pipefail
export LC_ALL=C.UTF-8
here=$(dirname "$(readlink -f "$0")")
[ $# -ge 3 ] || { echo "usage: $0 SERVER CPP FOLDER [python|node|go|cli|descriptors|temporal|all [WORDS]]" >&2; exit 2; }
server=$(readlink -f "$1") cpp=$(readlink -f "$2") part=${4:-all} words=${5:-}
case "$part" in
  all|python|node|go|cli|descriptors|temporal) ;;
  *) echo "run.sh: '$part' is not python, node, go, cli, descriptors, temporal or all" >&2; exit 2 ;;
esac
build=$(readlink -f "$(dirname "$cpp")/../..")
ours=$(dirname "$cpp")/proto.binpb  # protoc wrote it when $cpp was built.
[ -x "$server" ] || { echo "run.sh: no server at '$1'" >&2; exit 2; }
[ -x "$cpp" ] || { echo "run.sh: no program at '$2'" >&2; exit 2; }
mkdir -p "$3" && cd "$3" || exit 2
folder=$PWD
passed=0 failed=0 skipped=0

run=$(mktemp -d "$folder/run.XXXXXX") || exit 2
server_pid= go_pid= temporal_pid= port_file=$run/port
cleanup() {
  local pid
  for pid in $go_pid $temporal_pid; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
  if [ -n "$server_pid" ]; then kill -9 "$server_pid" 2>/dev/null; wait "$server_pid" 2>/dev/null; fi
  rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# wants PART...: whether one of them is asked for.
wants() {
  local it
  for it in "$@"; do if [ "$part" = all ] || [ "$part" = "$it" ]; then return 0; fi; done
  return 1
}

skip() { printf 'skipped %s  %s\n' "$1" "$2"; skipped=$((skipped + 1)); }

# no_packages LANGUAGE LOG: here that is a failure in CI, as the toolchain is there.
no_packages() {
  local reason
  reason=$(grep -iE 'error' "$2" | head -n 1 | cut -c 1-200)
  if [ "${CI:-}" = true ]; then
    printf 'FAILED  %s  the packages cannot be installed: %s\n' "$1" "$reason"
    failed=$((failed + 1))
  else
    skip "$1" "the packages cannot be installed: $reason"
  fi
}

# --- packages: each returns 0 when its programs can be run -----------------------------------------------------------
prepare_python() {
  [ -z "${python:-}" ] || return "$python"
  python=1
  local venv=$folder/python wanted=$here/python/requirements.txt log=$run/python.log
  command -v python3 >/dev/null || { skip python 'there is no python3'; return 1; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    { skip python "$(python3 --version) is too old, the SDK needs 3.10"; return 1; }
  if ! cmp -s "$wanted" "$venv/installed.txt" || ! "$venv/bin/python" -c 'import temporalio.client' 2>/dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv" >"$log" 2>&1 ||
      { skip python 'python3 has no working venv (package python3-venv)'; return 1; }
    timeout 600 "$venv/bin/python" -m pip install -q --no-input --disable-pip-version-check -r "$wanted" >"$log" 2>&1 ||
      { no_packages python "$log"; return 1; }
    cp "$wanted" "$venv/installed.txt"
  fi
  echo "python  $("$venv/bin/python" --version), temporalio $(python_version)"
  python=0
}

python_version() { sed -n 's/^temporalio==//p' "$here/python/requirements.txt"; }
node_version() { sed -n 's/.*"@temporalio.client": "\(.*\)",/\1/p' "$here/node/package.json"; }
go_version() { sed -n 's/^.go.temporal.io.sdk v//p' "$here/go/go.mod"; }

prepare_node() {
  local place=$folder/node wanted=$here/node/package-lock.json log=$run/node.log
  command -v node >/dev/null && command -v npm >/dev/null || { skip node 'there is no node with npm'; return 1; }
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a * 100 + b < 2003 ? 1 : 0)' ||
    { skip node "node $(node --version) is too old, the SDK needs 20.3"; return 1; }
  mkdir -p "$place" && cp "$here"/node/*.[mc]js "$here"/node/*.json "$place" || return 1
  if ! cmp -s "$wanted" "$place/node_modules/installed.json"; then
    # The SDK's packages bring their binary with them, no script of theirs needs to run.
    (cd "$place" && timeout 600 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$log" 2>&1 ||
      { no_packages node "$log"; return 1; }
    cp "$wanted" "$place/node_modules/installed.json"
  fi
  echo "node    Node.js $(node --version), @temporalio/client $(node_version)"
}

# can_go PART MODULE: whether Go is here, and new enough.
can_go() {
  command -v go >/dev/null || { skip "$1" 'there is no go'; return 1; }
  local has needs
  has=$(GOTOOLCHAIN=local go env GOVERSION) needs=go$(sed -n 's/^go //p' "$2")
  [ "$(printf '%s\n%s\n' "$needs" "$has" | sort -V | head -n 1)" = "$needs" ] ||
    { skip "$1" "$has is too old, its modules need $needs"; return 1; }
}

# Modules and compiling take minutes where nothing is cached, so this begins first and runs beside the other parts. The
# modules are those of go.sum, no other toolchain is downloaded.
begin_go() {
  go=1
  can_go go "$here/go/go.mod" || return
  go=0
  (cd "$here/go" && GOFLAGS=-mod=mod GOTOOLCHAIN=local exec timeout 600 nice -n 10 \
    go build -p 1 -buildvcs=false -o "$folder/interop_go" .) >"$run/go.log" 2>&1 &
  go_pid=$!
}

prepare_go() {
  [ "$go" = 0 ] || return 1
  if [ -n "$go_pid" ]; then
    wait "$go_pid"
    go=$? go_pid=
    [ "$go" = 0 ] || { no_packages go "$run/go.log"; return 1; }
    echo "go      $(go env GOVERSION), go.temporal.io/sdk v$(go_version)"
  fi
}

# --- server and programs ---------------------------------------------------------------------------------------------
start_server() {
  printf '[limits]\nworker_commands = true\n' >"$run/server.toml"  # A worker hears of a cancel at once.
  "$server" --config "$run/server.toml" --port 0 --port-file "$run/port" --db-filename "$run/longbeat.db" \
    --log-level warn >"$run/server.log" 2>&1 &
  server_pid=$!
  for _ in $(seq 200); do [ -s "$run/port" ] && return; sleep 0.05; done
  echo "FAILED  server  did not start: $(head -n 3 "$run/server.log")"
  exit 1
}

# programs NAME COMMAND...: shows their lines and adds up the last one.
programs() {
  local name=$1 code last
  shift
  timeout -k 5 400 "$@" "127.0.0.1:$(cat "$port_file")" "$words" 2>&1 | tee "$run/$name.out"
  code=${PIPESTATUS[0]}
  last=$(grep -E "^$name: [0-9]+ passed, [0-9]+ failed$" "$run/$name.out" | tail -n 1 | tr -dc '0-9 ')
  # shellcheck disable=SC2086
  set -- $last
  passed=$((passed + ${1:-0})) failed=$((failed + ${2:-0}))
  if [ "$code" != 0 ] && [ "${2:-0}" = 0 ]; then
    echo "FAILED  $name  ended with $code"
    failed=$((failed + 1))
  fi
}

# --- docs/interop.md -------------------------------------------------------------------------------------------------
# row WHAT VERSION NAME [PATTERN]: a line of the table: those of NAME's cases that fit PATTERN. None if one failed or was
# skipped.
row() {
  local out=$run/$3.out count
  [ -z "$words" ] && [ -s "$out" ] && ! grep -q -E '^(FAILED|skipped)' "$out" || return
  count=$(grep '^ok ' "$out" | grep -c ${4:+"$4"} -e "${5:-}")
  printf '| %s | %s | %s |\n' "$1" "$2" "$count" >>"$run/rows"
}

# The rows of this run take the place of those that begin alike; the others stay.
write_table() {
  local page=$here/../../docs/interop.md
  [ -s "$run/rows" ] || return
  awk -v rows="$run/rows" '
    BEGIN { while ((getline line < rows) > 0) { split(line, cell, "|"); new[cell[2]] = line } }
    /^<!-- table/ { inside = 1 }
    /^<!-- end/ { inside = 0 }
    { split($0, cell, "|"); print inside && cell[2] in new ? new[cell[2]] : $0 }' "$page" >"$run/page"
  cmp -s "$page" "$run/page" && return
  if [ "${CI:-}" = true ]; then
    echo "FAILED  docs/interop.md  its table is not what this run saw; ./dev interop writes it:"
    diff "$page" "$run/page"
    failed=$((failed + 1))
  else
    cp "$run/page" "$page"
    echo 'docs/interop.md has a new table'
  fi
}

# --- parts -----------------------------------------------------------------------------------------------------------
# timed NAME FUNCTION: says how long it took.
times=
timed() {
  local began=$SECONDS
  "$2"
  times="$times $1 $((SECONDS - began)) s,"
}

run_python() {
  prepare_python || return
  programs python env PYTHONDONTWRITEBYTECODE=1 LONGBEAT_INTEROP_CPP="$cpp" \
    "$folder/python/bin/python" "$here/python/main.py"
  row 'Python `temporalio`' "$(python_version)" python -v 'C++'
  row 'Python `temporalio` together with C++ `longbeat::sdk`' "$(python_version)" python '' 'C++'
}

run_node() {
  prepare_node || return
  programs node env LONGBEAT_INTEROP_CPP="$cpp" node "$folder/node/main.mjs"
  row 'TypeScript `@temporalio/client`, `worker`, `activity`' "$(node_version)" node -v 'C++'
  row 'TypeScript `@temporalio/client` and `worker` together with C++ `longbeat::sdk`' "$(node_version)" node '' 'C++'
}

run_go() {
  prepare_go || return
  programs go env LONGBEAT_INTEROP_CPP="$cpp" "$folder/interop_go" cases
  row 'Go `go.temporal.io/sdk`' "$(go_version)" go -v 'C++'
  row 'Go `go.temporal.io/sdk` together with C++ `longbeat::sdk`' "$(go_version)" go '' 'C++'
}

run_cli() {
  if command -v temporal >/dev/null; then
    programs temporal "$here/cli/binary.sh"
  else
    skip temporal 'there is no temporal command; its requests are replayed all the same'
  fi
  prepare_python || { skip cli 'Python replays the requests'; return; }
  programs cli env PYTHONDONTWRITEBYTECODE=1 "$folder/python/bin/python" "$here/cli/replay.py"
  row 'Requests of the `temporal` command, replayed' 'August 2026' cli
}

compare_descriptors() {
  PYTHONDONTWRITEBYTECODE=1 "$folder/python/bin/python" "$here/descriptors/compare.py" "$ours" \
    "$here/descriptors/accepted_differences.txt" "$@" 2>&1 | tee "$run/descriptors.out"
  if [ "${PIPESTATUS[0]}" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

run_descriptors() {
  prepare_python || { skip descriptors 'Python compares them'; return; }
  compare_descriptors python
  prepare_go || return
  "$folder/interop_go" descriptors "$run/go.binpb" && compare_descriptors go "$run/go.binpb"
}

# shellcheck source=test/interop/temporal/part.sh
. "$here/temporal/part.sh"

start_server
if wants temporal; then begin_temporal; fi
if wants go descriptors temporal; then begin_go; fi
if wants python; then timed python run_python; fi
if wants node; then timed node run_node; fi
if wants go; then timed go run_go; fi
if wants cli; then timed cli run_cli; fi
if wants descriptors; then timed descriptors run_descriptors; fi
if wants temporal; then timed temporal run_temporal; fi
write_table

kill "$server_pid"
wait "$server_pid"
code=$?
server_pid=
[ "$code" = 0 ] || { echo "FAILED  server  ended with $code"; failed=$((failed + 1)); }
[ "$failed" = 0 ] || { echo "the server's log:"; tail -n 20 "$run/server.log"; }
echo "interop:$times"
echo "interop: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
