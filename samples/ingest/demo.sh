#!/usr/bin/env bash
# demo.sh --bin BUILD_FOLDER [--bytes N] [--rate BYTES_PER_SECOND] [--heartbeat-timeout SECONDS]
# Takes this machine's Debian package index out of apt's lists and runs the demo on its first N bytes.
set -euo pipefail
export LC_ALL=C
die() { echo "demo: $*" >&2; exit 2; }

bin='' bytes=60000000 rate=2000000 timeout=5
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || die "option $1 has no value"
  case "$1" in
    --bin) bin=$(readlink -f "$2") ;;
    --bytes) bytes=$2 ;;
    --rate) rate=$2 ;;
    --heartbeat-timeout) timeout=$2 ;;
    *) die "unknown option $1" ;;
  esac
  shift 2
done
[ -x "$bin/samples/ingest/ingest_demo" ] || die "no programs in '$bin': name a build folder with --bin"
for number in "$bytes" "$rate" "$timeout"; do
  [[ "$number" =~ ^[1-9][0-9]{0,11}$ ]] || die "'$number' is not a number above zero"
done

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

directory=$bin/demo
rm -rf "$directory"
mkdir -p "$directory"
# Whole stanzas only. awk ends early, which is no failure of apt-helper.
{ /usr/lib/apt/apt-helper cat-file "$index" || true; } 2>/dev/null |
  awk -v limit="$bytes" 'BEGIN { RS = ""; ORS = "\n\n" } { n += length($0) + 2; if (n > limit) exit; print }' \
  >"$directory/Packages"
expected=$(grep -c '^Package:' "$directory/Packages") || die "no packages in $index"
echo "ingests $(basename "$index"): $(stat -c %s "$directory/Packages") bytes, $expected packages counted by grep"

exec "$bin/samples/ingest/ingest_demo" --server "$bin/server-stub/longbeat-server" \
  --worker "$bin/samples/ingest/ingest_worker" --client "$bin/samples/ingest/ingest_client" \
  --directory "$directory" --file "$directory/Packages" --expect "$expected" \
  --rate "$rate" --heartbeat-timeout "$timeout"
