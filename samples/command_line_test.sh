#!/usr/bin/env bash
# command_line_test.sh PROGRAM_FOLDER: every sample has --help, and answers a bad command line with one line that names
# what is wrong, and exit code 2.
set -uo pipefail
export LC_ALL=C
programs=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
touch Packages
failures=0
wrong() { printf 'WRONG: %s\n' "$*"; failures=$((failures + 1)); }

# refused PATTERN PROGRAM ARGUMENT...
refused() {
  local pattern=$1 program=$2 said got
  shift 2
  said=$(timeout -s KILL 20 "$programs/$program" "$@" 2>&1)
  got=$?
  # shellcheck disable=SC2053
  [[ $got = 2 && $said == $pattern && $said != *$'\n'* ]] || wrong "$program $*: ended with $got and said: $said"
}

for program in hello/hello_worker hello/hello_client ingest/ingest_worker ingest/ingest_client ingest/ingest_demo; do
  said=$("$programs/$program" --help 2>&1) || wrong "$program --help ended with $?"
  [[ ${said,,} == *usage:* ]] || wrong "$program --help says no usage: $said"
done

refused 'usage: hello_worker [[]HOST:PORT[]]' hello/hello_worker --prot 1
refused 'usage: hello_client [[]HOST:PORT[]]' hello/hello_client 127.0.0.1:1 more
refused "ingest_worker: unknown option '--prot' (--help *" ingest/ingest_worker --prot 1
refused "ingest_worker: unknown option 'more' (--help *" ingest/ingest_worker more
refused "ingest_worker: --address: *'nowhere'*" ingest/ingest_worker --address nowhere
refused 'ingest_worker: --task-queue: * missing (--help *' ingest/ingest_worker --task-queue
files=(--file Packages --database packages.db)
refused 'ingest_client: --file is required (--help *' ingest/ingest_client
refused "ingest_client: unknown option '--fil' (--help *" ingest/ingest_client --fil Packages
refused 'ingest_client: --file: *nothing (--help *' ingest/ingest_client --file nothing --database packages.db
refused "ingest_client: --database: folder '*/no' does not exist (--help *" \
  ingest/ingest_client --file Packages --database no/packages.db
for rate in fast -1 '' 1.5 99999999999999999999; do
  refused "ingest_client: --rate: '$rate' is not a whole number from 0 to 1000000000000 (--help *" \
    ingest/ingest_client "${files[@]}" --rate "$rate"
done
refused "ingest_client: --heartbeat-timeout: '0' is not a whole number from 1 to 3600 (--help *" \
  ingest/ingest_client "${files[@]}" --heartbeat-timeout 0

[ "$failures" = 0 ] || { echo "$failures wrong"; exit 1; }
echo 'the samples explain their command lines'
