# Everything comes from the system; nothing is downloaded. ./dev installs what is missing.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Protobuf CONFIG QUIET)  # vcpkg, Conan and newer distributions ship a package file; Debian 12 does not.
if(NOT Protobuf_FOUND)
  find_package(Protobuf REQUIRED)
endif()
find_package(gRPC CONFIG REQUIRED)
find_package(spdlog REQUIRED)
if(LONGBEAT_BUILD_SERVER OR LONGBEAT_BUILD_TESTS OR LONGBEAT_BUILD_SAMPLES)
  find_package(SQLite3 REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  # Its package file offers the compiled library; the headers alone do here.
  find_path(LONGBEAT_TOMLPLUSPLUS_DIR toml++/toml.h REQUIRED)
endif()
if(LONGBEAT_BUILD_SERVER)
  find_package(OpenSSL REQUIRED)  # gRPC's package needs it too.
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(cpp_httplib REQUIRED cpp-httplib)
endif()
if(LONGBEAT_BUILD_TESTS)
  find_package(Catch2 REQUIRED)
endif()
