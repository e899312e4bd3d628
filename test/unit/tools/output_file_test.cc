// A file that exists whole or not at all, and the name that it gets.
#include "tools/output_file.h"

#include <filesystem>
#include <fstream>

#include "storage/new_name.h"
#include "support/catch.h"
#include "support/files.h"
#include "support/system_calls.h"
#include "support/temporary_directory.h"

using namespace longbeat::server;
using Catch::Matchers::EndsWith;
using longbeat::test::content_of;
using longbeat::test::SystemCalls;

namespace {

/// Both kinds of file systems: those that can refuse to replace a file, and those that cannot.
class FileSystem {
 public:
  explicit FileSystem(bool renames_without_replacing) {
    SystemCalls::instance().renames_without_replacing = renames_without_replacing;
  }
  ~FileSystem() { SystemCalls::instance().renames_without_replacing = true; }
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
};

}  // namespace

TEST_CASE("an output file is there whole or not at all", "[server][tools]") {
  const FileSystem system(GENERATE(true, false));
  const TemporaryDirectory directory;
  const std::string path = directory.file("all.jsonl");
  {
    OutputFile file(path);
    CHECK(file.write_line("one"));
    CHECK(std::filesystem::exists(path + ".partial"));
    SECTION("not, when it was not finished") {}
    SECTION("whole, when it was") {
      CHECK(file.finish());
      CHECK(content_of(path) == "one\n");
      CHECK(std::filesystem::status(path).permissions() ==
            (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
      const OutputFile second(path);
      REQUIRE(second.failure());
      CHECK_THAT(*second.failure(), EndsWith("exists already"));
    }
    SECTION("not, when somebody else took its name") {
      std::ofstream(path) << "mine";
      CHECK_FALSE(file.finish());
      CHECK(content_of(path) == "mine");
      REQUIRE(file.failure());
      CHECK_THAT(*file.failure(), EndsWith("File exists"));
    }
    SECTION("not, when somebody else's link took its name") {
      std::filesystem::create_symlink("nowhere", path);
      CHECK_FALSE(file.finish());
      CHECK(std::filesystem::is_symlink(path));
    }
  }
  CHECK_FALSE(std::filesystem::exists(path + ".partial"));
}

TEST_CASE("a new name", "[server][tools]") {
  const FileSystem system(GENERATE(true, false));
  const TemporaryDirectory directory;
  const std::string from = directory.file("from"), to = directory.file("to");
  SECTION("is given once") {
    std::ofstream(from) << "text";
    CHECK_FALSE(rename_new(from, to));
    CHECK(content_of(to) == "text");
    std::ofstream(from) << "another";
    CHECK(rename_new(from, to) == std::errc::file_exists);
    CHECK(content_of(to) == "text");
    CHECK(content_of(from) == "another");
  }
  SECTION("is not given to what is not there") {
    CHECK(rename_new(from, to) == std::errc::no_such_file_or_directory);
  }
  SECTION("lies in a folder, which can be synced") {
    CHECK(folder_of("/a/b") == "/a");
    CHECK(folder_of("/a") == "/");
    CHECK(folder_of("a") == ".");
    CHECK_FALSE(sync_folder_of(to));
    CHECK_FALSE(sync_folder_of("to"));
    CHECK(sync_folder_of(directory.file("no/to")) == std::errc::no_such_file_or_directory);
  }
}
