#!/usr/bin/env bash
# command_line_test.sh PROGRAM_FOLDER: every sample has --help, and answers a bad command line with one line that names
# what is wrong, and exit code 2.
set -uo pipefail
export LC_ALL=C
programs=$1
samples=$(dirname "$(readlink -f "$0")")
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

samples_with_an_address=(hello/hello_worker hello/hello_client resume/resume_worker resume/resume_client
  cancel/cancel_sample pause/pause_sample watch/watch_sample failures/failures_sample bulk/bulk_sample
  headers/headers_sample tracing/tracing_sample async_completion/async_completion_sample
  async_completion/async_completion_approver)
for program in "${samples_with_an_address[@]}" ingest/ingest_worker ingest/ingest_client ingest/ingest_demo; do
  said=$("$programs/$program" --help 2>&1) || wrong "$program --help ended with $?"
  [[ ${said,,} == *usage:* ]] || wrong "$program --help says no usage: $said"
done

for program in "${samples_with_an_address[@]}"; do
  refused "unknown option '--prot', usage: ${program#*/} [[]HOST:PORT[]]" "$program" --prot
done
refused "*address is 'localhost:99999', must be host:port with a port from 1 to 65535" hello/hello_worker localhost:99999
refused "unknown option 'more', usage: hello_client [[]HOST:PORT[]]" hello/hello_client 127.0.0.1:1 more
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

refused "ingest_worker: *ClientOptions.tls.ca is 'none.pem': No such file or directory" ingest/ingest_worker --tls-ca none.pem
refused "ingest_client: *ClientOptions.tls.certificate is set, but ClientOptions.tls.key is not*" \
  ingest/ingest_client "${files[@]}" --tls-cert none.pem
refused "ingest_worker: --api-key-file: cannot read 'none'" ingest/ingest_worker --api-key-file none
LONGBEAT_API_KEY=secret-of-mine refused "ingest_worker: *ClientOptions.api_key would travel unencrypted to 'example.com:1'*" \
  ingest/ingest_worker --address example.com:1

refused "ingest_worker: --address: *'localhost:99999', must be host:port with a port from 1 to 65535*" \
  ingest/ingest_worker --address localhost:99999

# The demo keeps what its last run left until it has something to put there.
demo() { bash "$samples/ingest/demo.sh" "$@" 2>&1; }
mkdir -p bin/demo bin/samples/ingest
touch bin/demo/kept
printf '#!/bin/sh\n' >bin/samples/ingest/ingest_demo
chmod +x bin/samples/ingest/ingest_demo
for help in --help -h; do
  said=$(demo "$help") && [[ $said == *usage:*--rate* ]] || wrong "demo.sh $help said: $said"
  said=$(demo --bin bin "$help") && [[ $said == *usage:*--rate* ]] || wrong "demo.sh --bin bin $help said: $said"
done
# demo_refused PATTERN ARGUMENT...
demo_refused() {
  local pattern=$1 said got
  shift
  said=$(demo --bin bin "$@")
  got=$?
  # shellcheck disable=SC2053
  [[ $got = 2 && $said == $pattern && -e bin/demo/kept ]] || wrong "demo.sh $*: ended with $got and said: $said"
}
for rate in fast 0 -1 '' 1.5 10 999 1000000000001 99999999999999; do
  demo_refused "demo: --rate: '$rate' is not a whole number from 1000 to 1000000000000*" --rate "$rate"
done
for bytes in all 10 999 1000000000001; do
  demo_refused "demo: --bytes: '$bytes' is not a whole number from 1000 to 1000000000000*" --bytes "$bytes"
done
for timeout in 1 2 61 3601 5s; do
  demo_refused "demo: --heartbeat-timeout: '$timeout' is not a whole number from 3 to 60*" --heartbeat-timeout "$timeout"
done
demo_refused "demo: option --rate has no value*" --rate
demo_refused "demo: unknown option '--rat'*" --rat 5
# The program that it starts has the same ranges.
demo_program=("$programs/ingest/ingest_demo" --server Packages --worker Packages --client Packages --directory "$folder"
  --file Packages --expect 1)
for bad in '--rate 999' '--rate 1000000000001' '--heartbeat-timeout 2' '--heartbeat-timeout 61'; do
  # shellcheck disable=SC2086
  said=$("${demo_program[@]}" $bad 2>&1)
  [[ $? = 2 && $said == *'is not a whole number from '[13]* ]] || wrong "ingest_demo $bad said: $said"
done
# An index whose first stanza is longer than the piece: also then nothing is deleted.
if [ -x /usr/lib/apt/apt-helper ]; then
  mkdir tools
  printf '#!/bin/sh\necho "%s/index"\n' "$folder" >tools/apt-get
  chmod +x tools/apt-get
  printf 'Package: long\nDescription: %2000s\n\n' . >index
  PATH=$folder/tools:$PATH demo_refused 'demo: no package ends within the first 1000 bytes of *index' --bytes 1000
  [ -z "$(ls bin | grep -v -e demo -e samples)$(ls -d bin/demo-* 2>/dev/null)" ] || wrong "the demo left $(ls bin)"
  said=$(PATH=$folder/tools:$PATH demo --bin bin --bytes 5000 --rate 1000 --heartbeat-timeout 60) || wrong "demo.sh said: $said"
  [[ ! -e bin/demo/kept && -s bin/demo/Packages ]] || wrong "demo.sh with a good command line left $(ls bin/demo)"
fi

[ "$failures" = 0 ] || { echo "$failures wrong"; exit 1; }
echo 'the samples explain their command lines'
