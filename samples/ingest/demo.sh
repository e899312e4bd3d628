#!/usr/bin/env bash
# Takes this machine's Debian package index out of apt's lists and runs the demo on its first N bytes.
set -euo pipefail
export LC_ALL=C
die() { echo "demo: $*" >&2; exit 2; }
misused() { die "$* (--help lists the options)"; }
usage() {
  cat <<'USAGE'
usage: demo.sh --bin BUILD_FOLDER [OPTION VALUE]...
Ingests this machine's Debian package index while a worker and the server are killed.
  --bin FOLDER                 where the programs have been built (./dev demo names it itself)
  --bytes N                    take no more than this much of the index (from 1000; default 60000000)
  --rate BYTES_PER_SECOND      how fast to read (from 1000; default 2000000)
  --heartbeat-timeout SECONDS  how soon a dead worker is noticed (3 to 60; default 5)
USAGE
}

bin='' bytes=60000000 rate=2000000 timeout=5
while [ $# -gt 0 ]; do
  case "$1" in
    -h|--help) usage; exit 0 ;;
    --bin|--bytes|--rate|--heartbeat-timeout) [ $# -ge 2 ] || misused "option $1 has no value" ;;
    *) misused "unknown option '$1'" ;;
  esac
  case "$1" in
    --bin) bin=$(readlink -f "$2") ;;
    --bytes) bytes=$2 ;;
    --rate) rate=$2 ;;
    --heartbeat-timeout) timeout=$2 ;;
  esac
  shift 2
done
# whole NAME VALUE LEAST MOST: as ingest_demo checks it, before anything of the last run is deleted.
whole() {
  [[ $2 =~ ^[1-9][0-9]{0,12}$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] ||
    misused "--$1: '$2' is not a whole number from $3 to $4"
}
whole bytes "$bytes" 1000 1000000000000
whole rate "$rate" 1000 1000000000000
whole heartbeat-timeout "$timeout" 3 60
[ -x "$bin/samples/ingest/ingest_demo" ] || die "no programs in '$bin': name a build folder with --bin"

# The largest index apt has: on Debian the one of all packages in main.
largest_index() {
  apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' | while read -r file; do
    [ ! -f "$file" ] || stat -c '%s %n' "$file"
  done | sort -rn | sed -n '1s/^[0-9]* //p'
}
command -v apt-get >/dev/null && [ -x /usr/lib/apt/apt-helper ] || die "needs apt: its package index is what is ingested"
index=$(largest_index)
if [ -z "$index" ]; then
  echo "apt has no package lists: runs apt-get update"
  if [ "$(id -u)" = 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi >/dev/null 2>&1 ||
    die "apt-get update failed (it needs root or sudo, and network)"
  index=$(largest_index)
  [ -n "$index" ] || die "apt-get update brought no package lists (is there network?)"
fi

piece=$(mktemp "$bin/demo-Packages.XXXXXX")
trap 'rm -f "$piece"' EXIT
# Whole stanzas only. awk ends early, which is no failure of apt-helper.
{ /usr/lib/apt/apt-helper cat-file "$index" || true; } 2>/dev/null |
  awk -v limit="$bytes" 'BEGIN { RS = ""; ORS = "\n\n" } { n += length($0) + 2; if (n > limit) exit; print }' \
  >"$piece"
expected=$(grep -c '^Package:' "$piece") || die "no package ends within the first $bytes bytes of $index"
directory=$bin/demo
rm -rf "$directory"
mkdir -p "$directory"
mv "$piece" "$directory/Packages"
chmod 644 "$directory/Packages"
echo "ingests $(basename "$index"): $(stat -c %s "$directory/Packages") bytes, $expected packages counted by grep"

exec "$bin/samples/ingest/ingest_demo" --server "$bin/server-stub/longbeat-server" \
  --worker "$bin/samples/ingest/ingest_worker" --client "$bin/samples/ingest/ingest_client" \
  --directory "$directory" --file "$directory/Packages" --expect "$expected" \
  --rate "$rate" --heartbeat-timeout "$timeout"
