// The house has rooms and doors (docs/architecture.md). System headers can be included from anywhere, so this test
// reads the sources and checks which room opens which door.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"

namespace {

namespace fs = std::filesystem;
using Rooms = std::set<std::string>;

struct SourceLine {
  fs::path file;
  std::size_t number = 0;
  std::string text;
};

std::string place(const SourceLine& line) {
  return line.file.string() + ":" + std::to_string(line.number) + ": " + line.text;
}

bool is_source(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cc";
}

std::vector<SourceLine> lines_below(const fs::path& folder) {
  std::vector<SourceLine> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !is_source(entry.path())) continue;
    std::ifstream in(entry.path());
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) lines.push_back({entry.path(), number, text});
  }
  return lines;
}

/// The room that `#include "room/file.h"` enters, or nothing.
std::string entered_room(const std::string& line) {
  static const std::regex pattern(R"(^\s*#\s*include\s+"([a-z_]+)/)");
  std::smatch match;
  return std::regex_search(line, match, pattern) ? match[1].str() : "";
}

/// The included path in either form, or nothing.
std::string included(const std::string& line) {
  static const std::regex pattern(R"(^\s*#\s*include\s+["<]([^">]+)[">])");
  std::smatch match;
  return std::regex_search(line, match, pattern) ? match[1].str() : "";
}

const fs::path kRoot = LONGBEAT_SOURCE_DIR;
const fs::path kSdk = kRoot / "sdk/src";
const fs::path kServer = kRoot / "server-stub/src";

/// Room → rooms it may include, itself always.
const std::map<std::string, Rooms> kSdkDoors{
    {"base", {}},
    {"core", {"base"}},
    {"worker", {"core", "base", "client"}},  // client_core.h: what a Worker takes over from its Client.
    {"client", {"core", "base"}},
    {"rpc", {"core", "base"}},
    {"testing", {"core", "base", "worker", "client"}},
};
const std::map<std::string, Rooms> kServerDoors{
    {"machine", {"base"}},
    {"matching", {"base"}},
    {"record", {"base", "machine"}},
    {"storage", {"base"}},
    {"request", {"base"}},
    {"directory", {"base"}},
    {"query", {"base"}},
    {"workers", {"base", "query", "request"}},  // A worker's heartbeat comes as the request holds it.
    {"visibility", {"base", "query"}},
    {"outbound", {"base"}},
    {"local", {"base", "storage"}},
    {"security", {"base"}},
    {"config",
     {"base", "engine", "request", "outbound", "rpc", "security", "query"}},  // Headers with limits and rules.
    {"engine",
     {"base", "machine", "matching", "record", "storage", "request", "directory", "workers", "visibility", "outbound"}},
    // engine.h speaks in types of these rooms; server.cc makes the projection and the outbound thread.
    {"rpc",
     {"base", "engine", "machine", "matching", "request", "storage", "directory", "visibility", "outbound", "security",
      "local"}},
    // Of the engine its index row, of rpc the headers without gRPC: readable.h and backup_client.h.
    {"tools", {"base", "machine", "record", "directory", "storage", "engine", "rpc"}},
};

void check_doors(const fs::path& top, const std::map<std::string, Rooms>& doors) {
  for (const auto& entry : fs::directory_iterator(top)) {
    if (!entry.is_directory()) continue;
    const std::string room = entry.path().filename();
    if (lines_below(entry.path()).empty()) continue;
    INFO("room " << room);
    REQUIRE(doors.count(room) == 1);
    for (const auto& line : lines_below(entry.path())) {
      const std::string target = entered_room(line.text);
      if (target.empty() || target == "longbeat" || target == room) continue;
      INFO(place(line));
      CHECK(doors.at(room).count(target) == 1);
    }
  }
}

bool inside(const fs::path& file, const fs::path& folder) {
  return fs::relative(file, folder).string().rfind("..", 0) != 0;
}

}  // namespace

TEST_CASE("every room opens only the doors it may", "[arrows]") {
  SECTION("in the SDK") {
    check_doors(kSdk, kSdkDoors);
  }
  SECTION("in the server") {
    check_doors(kServer, kServerDoors);
  }
}

TEST_CASE("libraries stay in their rooms", "[arrows]") {
  for (const auto& top : {kSdk, kServer}) {
    for (const auto& line : lines_below(top)) {
      const std::string header = included(line.text);
      if (header.empty()) continue;
      INFO(place(line));
      const bool in_rpc = inside(line.file, top / "rpc");
      const bool in_record = inside(line.file, kServer / "record");
      if (header.rfind("grpc", 0) == 0) CHECK((in_rpc || line.file == kServer / "main.cc"));
      if (header.find(".pb.h") != std::string::npos)
        CHECK((in_rpc || (in_record && header.find("temporal/") == std::string::npos)));
      if (header.rfind("toml++", 0) == 0) CHECK(inside(line.file, kServer / "config"));
      if (header == "httplib.h") CHECK(line.file == kServer / "outbound/http_post.cc");
      if (header.rfind("openssl/", 0) == 0) CHECK(inside(line.file, kServer / "security"));
      if (header == "sqlite3.h")
        CHECK((inside(line.file, kServer / "storage") || inside(line.file, kServer / "visibility")));
    }
  }
}

TEST_CASE("only the edges read a clock", "[arrows]") {
  static const std::regex clock_call(R"(::now\(\)|clock_gettime\()");
  for (const auto& top : {kSdk, kServer}) {
    for (const auto& line : lines_below(top)) {
      if (!std::regex_search(line.text, clock_call)) continue;
      INFO(place(line));
      CHECK((line.file == kSdk / "base/clock.cc" || inside(line.file, top / "rpc")));
    }
  }
}

TEST_CASE("public headers name no foreign library", "[arrows]") {
  for (const auto& folder : {kRoot / "sdk/include", kRoot / "server-stub/include"}) {
    for (const auto& line : lines_below(folder)) {
      const std::string header = included(line.text);
      INFO(place(line));
      CHECK(header.rfind("grpc", 0) != 0);
      if (header.rfind("google/", 0) == 0) CHECK(line.file.filename() == "protobuf.h");
      CHECK(header.find(".pb.h") == std::string::npos);
      CHECK(header.rfind("sqlite", 0) != 0);
      if (header.rfind("nlohmann", 0) == 0)
        CHECK((line.file.filename() == "json.h" || line.file.filename() == "json_types.h"));
      if (header.rfind("spdlog", 0) == 0) CHECK(line.file.filename() == "spdlog.h");
    }
  }
}

TEST_CASE("every room has its page", "[arrows]") {
  for (const auto& top : {kSdk, kServer}) {
    for (const auto& entry : fs::directory_iterator(top)) {
      if (!entry.is_directory() || lines_below(entry.path()).empty()) continue;
      INFO("room " << entry.path().string());
      CHECK(fs::exists(entry.path() / "README.md"));
    }
  }
}
