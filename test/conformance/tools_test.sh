#!/usr/bin/env bash
# tools_test.sh SERVER: the commands check, export and backup as an operator meets them: what they say, their exit codes,
# and that nothing else changes.
set -uo pipefail
export LC_ALL=C
server=$1
folder=$(mktemp -d)
child=
failures=0
cleanup() {
  [ -n "$child" ] && kill -9 "$child" 2>/dev/null && wait "$child" 2>/dev/null
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder" || exit 1

wrong() { printf 'WRONG: %s\n' "$*"; failures=$((failures + 1)); }

# refused LINE ARGUMENT...: exit code 2, and LINE, a pattern, is all it says.
refused() {
  local line=$1 said got
  shift
  said=$(timeout -s KILL 20 "$server" "$@" 2>&1)
  got=$?
  [ "$got" = 2 ] || wrong "'$*' ended with $got, expected 2"
  # shellcheck disable=SC2053
  [[ $said == "longbeat-server $1: "$line && $said != *$'\n'* ]] || wrong "'$*' said: $said; expected: $line"
}

# ended CODE LINE ARGUMENT...: LINE, a pattern, is its last line.
ended() {
  local code=$1 line=$2 said got
  shift 2
  said=$(timeout -s KILL 20 "$server" "$@" 2>&1)
  got=$?
  # shellcheck disable=SC2053
  [[ $got = "$code" && ${said##*$'\n'} == $line ]] || wrong "'$*' ended with $got and said: $said; expected $code: $line"
}

# port_of: once the server that was just begun has written it.
port_of() {
  for _ in $(seq 200); do [ -s port ] && break; sleep 0.05; done
  [ -s port ] || { echo "the server did not start: $(cat log)" >&2; exit 1; }
  cat port
}
content() { find . -name 'a.db*' -type f -exec cksum {} + | sort -k3; }

# --- help and bad arguments ------------------------------------------------------------------------------------------
for command in check export backup; do
  "$server" --help | grep -q "^  $command  " || wrong "--help does not list $command"
  "$server" "$command" --help | grep -q "^Usage: longbeat-server $command" || wrong "$command --help"
done
help=' (--help shows how it is used)'
refused "FILE is missing$help" check
refused "FILE is missing$help" export
refused "--to is missing$help" backup
refused "--to: has no value$help" backup --to
refused "--to: '' is not a file name" backup --to ''
refused "unknown flag '--fast'$help" check --fast
refused "unknown flag '--fast'$help" check a.db --fast
refused "unexpected argument 'b.db'$help" check a.db b.db
refused "unexpected argument 'a.db'$help" backup --to b.db a.db
refused "'none' cannot be read, or is empty" backup --to b.db --api-key-file none
echo lbk_of_somebody >some.key
refused "--api-key-file needs --tls-ca*" backup --to b.db --address example.com:7233 --api-key-file some.key
rm some.key
refused "--tls-certificate, --tls-key and --tls-name need --tls-ca" backup --to b.db --tls-name x
refused "database file '*none.db': No such file or directory" check none.db
refused "database file '*none.db': No such file or directory" export none.db
refused "database file '$folder' is not a regular file" check .
printf 'hello, hello' >text.db
refused "database file '*text.db' is not an SQLite database" check text.db
: >empty.db
refused "database file '*empty.db' is empty: no server has made it yet" check empty.db
refused "the server at 127.0.0.1:1 cannot be reached, or is stopping*" backup --to b.db --address 127.0.0.1:1
[ "$(ls)" = $'empty.db\ntext.db' ] || wrong "refusals left: $(ls)"

# --- beside a server ---------------------------------------------------------------------------------------------------
"$server" --port 0 --port-file port --db-filename a.db >log 2>&1 &
child=$!
port=$(port_of) || exit 1
address=127.0.0.1:$port
refused "database file '*a.db' is in use by a running server: *" check a.db
refused "database file '*a.db' is in use by a running server: *" export a.db
ended 0 "backup '$folder/b.db': * bytes" backup --to b.db --address "$address"
[ "$(stat -c %a b.db)" = 600 ] || wrong "the mode of a backup is $(stat -c %a b.db)"
[ ! -e b.db.partial ] || wrong 'b.db.partial stays'
refused "'$folder/b.db' exists already" backup --to b.db --address "$address"
refused "'$folder/a.db-journal' is a name of the database's own files" backup --to a.db-journal --address "$address"
refused "cannot make '$folder/no/b.db.partial': No such file or directory" backup --to no/b.db --address "$address"
ended 0 'no defects' check b.db

# --- a server that was killed: part of its state is in the log ---------------------------------------------------------
{ kill -9 "$child"; wait "$child"; } 2>/dev/null
child=
[ -s a.db-wal ] || wrong 'there is no log'
before=$(content)
ended 0 'no defects' check a.db
ended 0 '0 activities exported' export a.db
[ "$(content)" = "$before" ] || wrong 'check or export changed the file or its log'

# --- what cannot be read -------------------------------------------------------------------------------------------------
ended 0 '0 activities exported' export b.db --to all.jsonl
[ -e all.jsonl ] && [ ! -s all.jsonl ] || wrong 'an export of nothing is no empty file'
refused "'all.jsonl' exists already" export b.db --to all.jsonl
"$server" export b.db >/dev/full 2>said || [ $? = 2 ] || wrong 'export to a full device'
if command -v sqlite3 >/dev/null; then
  sqlite3 b.db "UPDATE namespace SET value = x'00'"
  ended 1 '1 defect' check b.db
  { "$server" check b.db || true; } | grep -qx "$folder/b.db: namespace row 1 is cut off: 1 bytes, a row has at least 5" || wrong 'the defect'
fi

# --- a server without a file ---------------------------------------------------------------------------------------------
rm port
"$server" --port 0 --port-file port >log 2>&1 &
child=$!
port=$(port_of) || exit 1
refused "cannot write '$folder/m.db': the state is in memory only, there is no file to copy" backup --to m.db --address "127.0.0.1:$port"

{ kill -9 "$child"; wait "$child"; } 2>/dev/null
child=

# --- a server with keys, and TLS where certificates can be made ------------------------------------------------------------
key() { # key NAME ROLE NAMESPACE: the key goes into NAME.key, its hash into secure.toml
  "$server" hash-key --new >made
  sed -n 's/^key: *//p' made >"$1.key"
  printf '[keys.%s]\nhash = "%s"\nroles = ["%s"]\nnamespaces = ["%s"]\n' "$1" "$(sed -n 's/^hash: *//p' made)" "$2" "$3" >>secure.toml
}
tls=()
if command -v openssl >/dev/null &&
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout tls.key -out tls.pem -subj /CN=longbeat.test \
    -addext subjectAltName=DNS:longbeat.test 2>/dev/null; then
  printf '[tls]\ncertificate = "tls.pem"\nkey = "tls.key"\n' >secure.toml
  tls=(--tls-ca tls.pem --tls-name longbeat.test)
fi
key operator operator '*'
key narrow operator billing
key worker worker '*'
rm port
"$server" --config secure.toml --port 0 --port-file port --db-filename s.db >log 2>&1 &
child=$!
port=$(port_of) || exit 1
address=127.0.0.1:$port
refused "the server at $address refuses: *" backup --to k.db --address "$address" "${tls[@]}"
refused "the server at $address refuses: *" backup --to k.db --address "$address" "${tls[@]}" --api-key-file narrow.key
refused "the server at $address refuses: *" backup --to k.db --address "$address" "${tls[@]}" --api-key-file worker.key
if [ "${#tls[@]}" -gt 0 ]; then
  refused "the server at $address cannot be reached, or is stopping*" backup --to k.db --address "$address" --api-key-file operator.key
  refused "the server at $address cannot be reached, or is stopping*" backup --to k.db --address "$address" --api-key-file operator.key --tls-ca tls.pem
fi
[ ! -e k.db ] && [ ! -e k.db.partial ] || wrong 'a refused backup left a file'
ended 0 "backup '$folder/k.db': * bytes" backup --to k.db --address "$address" "${tls[@]}" --api-key-file operator.key
ended 0 'no defects' check k.db

[ "$failures" = 0 ] && echo 'all as it should be'
exit "$((failures > 0))"
