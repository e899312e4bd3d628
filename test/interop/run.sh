#!/usr/bin/env bash
# run.sh SERVER CPP FOLDER [python|node|all [WORDS]]: Temporal's own SDKs against the binary SERVER, a fresh database and a
# free port, and Python together with CPP, our SDK's program. Packages go to FOLDER. WORDS picks cases by name. A language whose toolchain or packages cannot be had is
# skipped with one line; with CI=true only a missing toolchain is.
set -uo pipefail
export LC_ALL=C.UTF-8
here=$(dirname "$(readlink -f "$0")")
[ $# -ge 3 ] || { echo "usage: $0 SERVER CPP FOLDER [python|node|all [WORDS]]" >&2; exit 2; }
server=$(readlink -f "$1") cpp=$(readlink -f "$2") language=${4:-all} words=${5:-}
case "$language" in all|python|node) ;; *) echo "run.sh: '$language' is not python, node or all" >&2; exit 2 ;; esac
[ -x "$server" ] || { echo "run.sh: no server at '$1'" >&2; exit 2; }
[ -x "$cpp" ] || { echo "run.sh: no program at '$2'" >&2; exit 2; }
mkdir -p "$3" && cd "$3" || exit 2
folder=$PWD
passed=0 failed=0 skipped=0

run=$(mktemp -d "$folder/run.XXXXXX") || exit 2
server_pid=
cleanup() {
  if [ -n "$server_pid" ]; then kill -9 "$server_pid" 2>/dev/null; wait "$server_pid" 2>/dev/null; fi
  rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

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
  echo "python  $("$venv/bin/python" --version), $(sed -n 's/^temporalio==/temporalio /p' "$wanted")"
}

prepare_node() {
  local place=$folder/node wanted=$here/node/package-lock.json log=$run/node.log
  command -v node >/dev/null && command -v npm >/dev/null || { skip node 'there is no node with npm'; return 1; }
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a * 100 + b < 2003 ? 1 : 0)' ||
    { skip node "node $(node --version) is too old, the SDK needs 20.3"; return 1; }
  mkdir -p "$place" && cp "$here"/node/*.mjs "$here"/node/*.json "$place" || return 1
  if ! cmp -s "$wanted" "$place/node_modules/installed.json"; then
    # The SDK's packages bring their binary with them, no script of theirs needs to run.
    (cd "$place" && timeout 600 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$log" 2>&1 ||
      { no_packages node "$log"; return 1; }
    cp "$wanted" "$place/node_modules/installed.json"
  fi
  local sdk
  sdk=$(sed -n 's/.*"\(@temporalio.client\)": "\(.*\)",/\1 \2/p' "$here/node/package.json")
  echo "node    Node.js $(node --version), $sdk"
}

# --- server and programs ---------------------------------------------------------------------------------------------
start_server() {
  "$server" --port 0 --port-file "$run/port" --db-filename "$run/longbeat.db" --log-level warn >"$run/server.log" 2>&1 &
  server_pid=$!
  for _ in $(seq 200); do [ -s "$run/port" ] && return; sleep 0.05; done
  echo "FAILED  server  did not start: $(head -n 3 "$run/server.log")"
  exit 1
}

# programs LANGUAGE COMMAND...: shows their lines and adds up the last one.
programs() {
  local name=$1 code last
  shift
  timeout -k 5 400 "$@" "127.0.0.1:$(cat "$run/port")" "$words" 2>&1 | tee "$run/$name.out"
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

start_server
if [ "$language" != node ] && prepare_python; then
  programs python env PYTHONDONTWRITEBYTECODE=1 LONGBEAT_INTEROP_CPP="$cpp" \
    "$folder/python/bin/python" "$here/python/main.py"
fi
if [ "$language" != python ] && prepare_node; then
  programs node node "$folder/node/main.mjs"
fi

kill "$server_pid"
wait "$server_pid"
code=$?
server_pid=
[ "$code" = 0 ] || { echo "FAILED  server  ended with $code"; failed=$((failed + 1)); }
[ "$failed" = 0 ] || { echo "the server's log:"; tail -n 20 "$run/server.log"; }
echo "interop: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
