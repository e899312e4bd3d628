#!/usr/bin/env bash
# run_test.sh SOURCE_FOLDER BUILD_FOLDER: a user's program, and a test of a user's, build and run against
#   1. the static package, installed from BUILD_FOLDER;
#   2. longbeat as a subdirectory, with shared libraries, and without precompiled headers: each file of the libraries
#      includes what it uses;
#   3. the shared package, installed from that build.
set -euo pipefail
source=$1 build=$2 work=$2/test/install/work
jobs=$(( $(nproc) < 2 ? 1 : 2 ))
launcher=$(command -v ccache || true)
rm -rf "$work"
mkdir -p "$work"

configure() {  # NAME PROJECT [OPTION...]
  echo "--- $1"
  cmake -S "$source/test/install/$2" -B "$work/$1" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
    "-DCMAKE_CXX_COMPILER_LAUNCHER=$launcher" "${@:3}" >"$work/$1.log" 2>&1 || { cat "$work/$1.log"; exit 1; }
}
build_and_run() {  # NAME TARGET
  cmake --build "$work/$1" -j "$jobs" --target "$2" >>"$work/$1.log" 2>&1 || { tail -n 60 "$work/$1.log"; exit 1; }
  "$work/$1/program"
  "$work/$1/activity_test"
}
installs() {  # NAME: the package holds what a user needs, and its server starts.
  local prefix=$work/$1-package
  [ -x "$prefix/bin/longbeat-server" ] && [ -f "$prefix/include/longbeat/worker.h" ] &&
    [ -f "$prefix/include/longbeat/server.h" ] && [ -f "$prefix/include/longbeat/testing/resume_check.h" ] || { echo "files are missing in $prefix"; find "$prefix" -type f; exit 1; }
  "$prefix/bin/longbeat-server" --help >/dev/null || { echo "the installed server does not start"; exit 1; }
}

cmake --install "$build" --prefix "$work/static-package" >"$work/static-install.log" 2>&1 ||
  { tail -n 5 "$work/static-install.log"; exit 1; }
installs static
configure static installed "-DCMAKE_PREFIX_PATH=$work/static-package"
build_and_run static all

configure subdirectory subdirectory -DBUILD_SHARED_LIBS=ON -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
build_and_run subdirectory all

cmake --install "$work/subdirectory" --prefix "$work/shared-package" >"$work/shared-install.log" 2>&1 ||
  { tail -n 5 "$work/shared-install.log"; exit 1; }
rm -rf "$work/subdirectory"  # What runs from here on must not find its libraries there.
installs shared
configure shared installed "-DCMAKE_PREFIX_PATH=$work/shared-package"
build_and_run shared all

rm -rf "$work"
