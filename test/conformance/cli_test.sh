#!/usr/bin/env bash
# cli_test.sh SERVER: what longbeat-server answers to command lines, ports and files it cannot use: the exit code, and
# one line that names the thing and its value. Also its line at the start.
set -uo pipefail
export LC_ALL=C
server=$1
folder=$(mktemp -d)
children=()
failures=0
cleanup() {
  for child in "${children[@]}"; do kill -9 "$child" 2>/dev/null; wait "$child" 2>/dev/null; done
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder" || exit 1

wrong() { printf 'WRONG: %s\n' "$*"; failures=$((failures + 1)); }

# refused CODE LINE ARGUMENT...: LINE is a pattern; the whole output must be it.
refused() {
  local code=$1 line=$2 said got
  shift 2
  said=$(timeout -s KILL 20 "$server" "$@" 2>&1)
  got=$?
  [ "$got" = "$code" ] || wrong "'$*' ended with $got, expected $code"
  # shellcheck disable=SC2053
  [[ $said == "longbeat-server: "$line && $said != *$'\n'* ]] ||
    wrong "'$*' said: $said; expected: longbeat-server: $line"
}

# start NAME ARGUMENT...: runs it in the background on a free port; its output is in NAME.log, its port in NAME.port.
start() {
  local name=$1
  shift
  rm -f "$name.port"
  "$server" --port 0 --port-file "$name.port" "$@" >"$name.log" 2>&1 &
  children+=($!)
  for _ in $(seq 200); do [ -s "$name.port" ] && return; sleep 0.05; done
  wrong "'$*' did not start: $(cat "$name.log")"
}
started_with() {
  local name=$1 line=$2
  # shellcheck disable=SC2053
  [[ $(head -n 1 "$name.log") == $line ]] || wrong "its first line is '$(head -n 1 "$name.log")', expected '$line'"
}

# --- flags -----------------------------------------------------------------------------------------------------------
for port in 70000 65536 -1 abc 7233x '' 1.5; do
  refused 2 "--port: '$port' is not a port (0 to 65535)" --port "$port"
done
refused 2 '--port: has no value' --port
refused 2 "--port: '--log-level' is not a port (0 to 65535)" --port --log-level warn
refused 2 "--db-filename: '--port' is not a file name (./--port may be one)" --db-filename --port 0
refused 2 '--port: is given 2 times, accepted is once' --port 1 --port 2
for ip in localhost 300.1.1.1 '' 127.0.0.1:7233; do
  refused 2 "--ip: '$ip' is not an IP address (for example 127.0.0.1, 0.0.0.0 or ::1)" --ip "$ip"
done
refused 2 "--log-level: 'loud' is not one of debug, info, warn, error, never" --log-level loud
refused 2 "--log-format: 'xml' is not one of text, json" --log-format=xml
refused 2 "--db-filename: '' is not a file name" --db-filename ''
refused 2 "--db-filename: '$folder' is a directory, not a file" --db-filename "$folder"
refused 2 "--port-file: '' is not a file name" --port-file ''
for name in 'a b' .a -a a/b $'a\nb' 'é'; do
  refused 2 '--namespace: '"'*' is not a namespace name (1 to 1000 letters, digits, '-', '_' and '.', the first a letter or digit)" \
    "--namespace=$name"
done
refused 2 '--namespace: has no value' --namespace=
refused 2 "--namespace: '' is not a namespace name (*)" --namespace ''
refused 2 "--namespace: 'aaaa*aaaa...' is not a namespace name (*)" --namespace "$(printf 'a%.0s' {1..1001})"
refused 2 "--namespace: 'temporal-system' is reserved" --namespace temporal-system
refused 2 "unknown flag '--prot' (--help lists the flags)" --prot 1
refused 2 "unknown flag '--prot' (--help lists the flags)" --prot=1
refused 2 "unexpected argument 'extra' (--help lists the flags)" extra
refused 2 "unexpected argument 'extra' (--help lists the flags)" --namespace a extra
"$server" --version | grep -qE '^longbeat-server [0-9.]+$' || wrong '--version'
for flag in --config --print-config --ip --port --port-file --db-filename --namespace --log-level --log-format --insecure-listen; do
  "$server" --help | grep -q -- "$flag " || wrong "--help does not list $flag"
done

# --- configuration file ----------------------------------------------------------------------------------------------
refused 2 "cannot read 'none.toml': No such file or directory" --config none.toml
refused 2 "--config: '$folder' is a directory, not a file" --config "$folder"
refused 2 '--config: has no value' --config
printf '[server]\nport = 70000\n' >one.toml
refused 2 'one.toml:2: server.port = 70000: accepted is a port, 0 to 65535' --config one.toml
refused 2 'one.toml:2: server.port = 70000: accepted is a port, 0 to 65535' --config one.toml --port 0
printf '[limits]\nid_byte_max = 1\n' >key.toml
refused 2 'key.toml:2: unknown key limits.id_byte_max, nearest is limits.id_bytes_max' --config key.toml
printf '[limits\n' >no.toml
refused 2 'no.toml:1: not TOML: *' --config no.toml
printf '[limits]\ncalls_max = 1\nlong_poll_max = 5\n[log]\nlevel = "loud"\n' >many.toml
said=$("$server" --config many.toml 2>&1)
[ "$? $(wc -l <<<"$said") $(grep -c '^longbeat-server: many.toml:[235]: ' <<<"$said")" = '2 3 3' ] || wrong "many.toml: $said"
"$server" --print-config --namespace team >all.toml || wrong '--print-config'
"$server" --config all.toml --print-config | cmp - all.toml || wrong 'a printed configuration does not read back as itself'
printf '[server]\nport = 1\nip = "::1"\n[log]\nlevel = "error"\n' >flags.toml
"$server" --config flags.toml --ip 127.0.0.1 --port 0 --print-config >flags.out
grep -qx 'ip = "127.0.0.1"' flags.out && grep -qx 'port = 0' flags.out && grep -qx 'level = "error"' flags.out ||
  wrong "flags do not win over the file: $(cat flags.out)"
printf '[server]\ndatabase = "c.db"\n[limits]\nparked_calls_max = 5\n[namespaces.team]\nretention = "5h"\n' >good.toml
start config --config good.toml
started_with config "longbeat-server * listening on 127.0.0.1:*, database '$(realpath c.db)', activities recovered: 0 open, 0 closed"

# --- ports -----------------------------------------------------------------------------------------------------------
start memory --namespace team-1.x_Y --namespace default
started_with memory "longbeat-server * listening on 127.0.0.1:$(cat memory.port), state in memory only, lost at exit (--db-filename FILE keeps it)"
refused 1 "cannot listen on 127.0.0.1:$(cat memory.port): the port is in use by another program" --port "$(cat memory.port)"
refused 1 "cannot listen on 192.0.2.1:0: the address is not one of this machine's" --ip 192.0.2.1 --port 0 --insecure-listen
said=$(timeout 20 "$server" --port 0 --port-file no/such/port 2>&1)
[ "$? $said" = "1 longbeat-server: --port-file: cannot write 'no/such/port': No such file or directory" ] || wrong "--port-file: $said"

# --- who may call ------------------------------------------------------------------------------------------------------
for ip in 0.0.0.0 :: 192.0.2.1; do
  refused 1 "does not listen on $ip, which other machines can reach, without TLS and authentication: set tls.certificate and tls.key, and an API key in [[]keys.NAME] or tls.client_ca with tls.client_certificate_role; server.insecure_listen = true (--insecure-listen) leaves it open" --ip $ip --port 0
done
start open --ip 0.0.0.0 --insecure-listen
grep -q ' listening on 0.0.0.0:' open.log || wrong "--insecure-listen: $(cat open.log)"
grep -q ' warning listens on 0.0.0.0, which other machines can reach, without TLS and authentication$' open.log || wrong "--insecure-listen: $(cat open.log)"
made=$("$server" hash-key --new) || wrong "hash-key --new: $made"
key=$(sed -n 's/^key:  //p' <<<"$made")
hash=$(sed -n 's/^hash: //p' <<<"$made")
[[ $key == lbk_* && ${#key} = 68 && $hash == sha256:* && ${#hash} = 71 ]] || wrong "hash-key --new: $made"
[ "$("$server" hash-key <<<"$key")" = "$hash" ] || wrong 'hash-key does not print the hash that hash-key --new printed'
[ "$(printf '%s' "$key" | "$server" hash-key)" = "$hash" ] || wrong 'hash-key wants a line end'
[ "$("$server" hash-key --new)" != "$made" ] || wrong 'hash-key --new makes the same key again'
refused 2 'hash-key: there is no key' hash-key </dev/null
refused 2 'hash-key: the key has 7 characters, fewer than 32: *' hash-key <<<hunter2
refused 2 'hash-key: takes no other argument than --new; the key comes from standard input' hash-key "$key"
printf '[keys.one]\nhash = "%s"\nroles = ["worker"]\nnamespaces = ["*"]\nexpires = 2037-01-31\n' "$hash" >keys.toml
"$server" --config keys.toml --print-config >keys.out || wrong '--print-config with keys'
"$server" --config keys.out --print-config | cmp - keys.out || wrong 'printed keys do not read back as themselves'
grep -qx "hash = \"$hash\"" keys.out || wrong "--print-config: $(grep hash keys.out)"
printf '[keys.one]\nhash = "%s"\nroles = ["worker"]\nnamespaces = ["*"]\n' "$key" >shown.toml
refused 2 'shown.toml:2: keys.one.hash: this is not the hash of a key (*)' --config shown.toml
"$server" --config shown.toml 2>&1 | grep -qF "$key" && wrong 'a key that was put in the place of its hash is shown'
printf '[tls]\ncertificate = "none.pem"\nkey = "none.key"\n' >tls.toml
refused 1 "tls.certificate 'none.pem': No such file or directory" --config tls.toml --port 0

# --- files -----------------------------------------------------------------------------------------------------------
start file --db-filename a.db
started_with file "longbeat-server * listening on 127.0.0.1:*, database '$(realpath a.db)', activities recovered: 0 open, 0 closed"
refused 1 "database file '*a.db' is in use by another server" --port 0 --db-filename a.db
ln a.db b.db
refused 1 "database file '*b.db' has 2 names (hard links), must have one: remove the others, or copy the file" --port 0 --db-filename b.db
[ ! -e b.db.lock ] || wrong 'the refused second name left b.db.lock'
head -c 5000 /dev/zero | tr '\0' q >text.db
refused 1 "database file '*text.db' is not an SQLite database" --port 0 --db-filename text.db
refused 1 "database file '*no/such.db': directory '*no' does not exist" --port 0 --db-filename no/such.db
[ -z "$(ls -- *text.db.* 2>/dev/null)" ] || wrong "refusing text.db left $(ls -- *text.db.*)"

printf h >one.db
refused 1 "database file '*one.db' is not an SQLite database" --port 0 --db-filename one.db
[ "$(cat one.db)$(ls one.db?* 2>/dev/null)" = h ] || wrong 'the refused file of one byte was changed'

# --- port files: nothing that the name stands for is lost --------------------------------------------------------------
start kept --db-filename kept.db
kill -9 "${children[-1]}"
wait "${children[-1]}" 2>/dev/null
content() { for file in kept.db*; do echo "$file $(stat -c %i "$file") $(cksum <"$file")"; done; }
before=$(content)
ln -s kept.db link.db
ln -s "$folder/kept.db-wal" link-wal
ln kept.db.lock second-lock
ln -s new.db later.db
for name in '' -wal -shm -journal .lock .reserve .visibility .visibility-wal .visibility-shm .visibility-journal; do
  for path in "kept.db$name" "$folder/./kept.db$name"; do
    refused 2 "--port-file: '$path' belongs to the database 'kept.db'" --port 0 --db-filename kept.db --port-file "$path"
  done
  refused 2 "--port-file: 'kept.db$name' belongs to the database 'link.db'" --port 0 --db-filename link.db --port-file "kept.db$name"
  refused 2 "--port-file: 'new.db$name' belongs to the database '*new.db'" --port 0 --db-filename "$folder/new.db" --port-file "new.db$name"
done
refused 2 "--port-file: 'link.db' belongs to the database 'kept.db'" --port 0 --db-filename kept.db --port-file link.db
refused 2 "--port-file: 'link-wal' belongs to the database 'kept.db'" --port 0 --db-filename kept.db --port-file link-wal
refused 2 "--port-file: 'second-lock' belongs to the database 'kept.db'" --port 0 --db-filename kept.db --port-file second-lock
refused 2 "--port-file: 'new.db-wal' belongs to the database 'later.db'" --port 0 --db-filename later.db --port-file new.db-wal
refused 2 "--port-file: 'link.db.visibility' belongs to the database 'link.db'" --port 0 --db-filename link.db --port-file link.db.visibility
refused 2 "--port-file: 'a.new', where 'a' is written first, belongs to the database 'a.new'" --port 0 --db-filename a.new --port-file a
printf '[server]\nport = 0\ndatabase = "kept.db"\nport_file = "kept.db-wal"\n' >own.toml
refused 2 "--port-file: 'kept.db-wal' belongs to the database 'kept.db'" --config own.toml
refused 2 "--port-file: 'own.toml' is the configuration file" --config own.toml --port-file own.toml
mkfifo pipe
mkdir place
ln -s nowhere dangling
ln -s round round
ln -s kept.db draft.new
refused 2 "--port-file: 'pipe' is not a regular file" --port 0 --port-file pipe
refused 2 "--port-file: '/dev/null' is not a regular file" --port 0 --port-file /dev/null
refused 2 "--port-file: 'place' is a directory, not a file" --port 0 --port-file place
refused 2 "--port-file: 'dangling' is a symbolic link that leads nowhere" --port 0 --port-file dangling
refused 2 "--port-file: 'round' is a symbolic link that leads nowhere" --port 0 --port-file round
refused 2 "--port-file: 'draft.new', where 'draft' is written first, is a symbolic link" --port 0 --port-file draft
[ "$(content)" = "$before" ] || wrong "refusing port files changed the database: $before; now: $(content)"
[ -z "$(ls -d new.db* a.new* nowhere 2>/dev/null)" ] || wrong "refusing port files left $(ls -d new.db* a.new*)"
[ -p pipe ] && [ -c /dev/null ] && [ -L dangling ] || wrong 'refusing port files replaced one'
# What is an ordinary file, or not there yet, may be the port file; also beside the database.
echo old >ordinary
"$server" --port 0 --db-filename kept.db --port-file ordinary >ordinary.log 2>&1 &
children+=($!)
for _ in $(seq 200); do [ "$(cat ordinary)" != old ] && break; sleep 0.05; done
[[ $(head -n 1 ordinary.log) == "longbeat-server "*":$(cat ordinary), database '$(realpath kept.db)',"* ]] ||
  wrong "the port file holds '$(cat ordinary)', the server said: $(cat ordinary.log)"
start other.db --db-filename other.db  # Its port file is other.db.port.

[ "$failures" = 0 ] || { echo "$failures wrong"; exit 1; }
echo 'command lines, ports and files are refused as they should be'
