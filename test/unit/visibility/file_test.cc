#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>

#include "support/temporary_directory.h"
#include "unit/visibility/projection_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

using Items = std::vector<InventoryQuestion::Item>;
using Rows = std::vector<std::uint64_t>;

void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

/// A disk on which so many of SQLite's next writes find no room. One for the whole process.
class FullDisk {
 public:
  explicit FullDisk(int writes) {
    writes_left = writes;
    set(reinterpret_cast<sqlite3_syscall_ptr>(write));
  }
  ~FullDisk() { set(nullptr); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  static void set(sqlite3_syscall_ptr call) {
    auto* const disk = sqlite3_vfs_find(nullptr);
    for (const char* name : {"pwrite", "pwrite64"}) disk->xSetSystemCall(disk, name, call);
  }
  static ssize_t write(int file, const void* bytes, std::size_t size, off_t at) {
    if (writes_left == 0) return ::pwrite(file, bytes, size, at);
    --writes_left;
    errno = ENOSPC;
    return -1;
  }
  static inline int writes_left = 0;
};

}  // namespace

TEST_CASE("the projection's file", "[server][visibility][file]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("db.visibility");
  {
    ProjectionRoom room(path);
    room.wanted(0, 0, {});
    room.put(activity(1));
    room.put(activity(2, 50));
  }
  SECTION("is there again after a clean stop, whole and without a log") {
    CHECK(std::filesystem::file_size(path) > 0);
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    ProjectionRoom room(path);
    CHECK(room.ids("") == "a1 a2");
    CHECK(room.wanted(0, 9, Items{{1, 1001}, {2, 2002}}).empty());
  }
  SECTION("is there again after a crash of the process") {
    auto* crashed = new ProjectionRoom(path);
    crashed->put(activity(3));
    std::filesystem::copy(path, path + "2");
    std::filesystem::copy(path + "-wal", path + "2-wal");
    ProjectionRoom room(path + "2");
    CHECK(room.ids("") == "a3 a1 a2");
    delete crashed;
  }
  SECTION("is made anew after a crash of the machine, when nobody knows what was written") {
    ProjectionRoom crashed(path);
    std::filesystem::copy(path, path + "2");
    // Another start of the machine: the same file with another identifier of the same length.
    std::ifstream in("/proc/sys/kernel/random/boot_id");
    std::string boot;
    std::getline(in, boot);
    std::ifstream copy(path + "2", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(copy)), {});
    REQUIRE(bytes.find(boot) != std::string::npos);
    for (std::size_t at = bytes.find(boot); at != std::string::npos; at = bytes.find(boot, at + 1)) {
      overwrite(path + "2", at, boot[0] == 'x' ? "y" : "x");
    }
    ProjectionRoom room(path + "2");
    CHECK(room.ids("") == "");
  }
  SECTION("is made anew when it is of another format") {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const std::size_t at = bytes.find("format1");
    REQUIRE(at != std::string::npos);
    overwrite(path, at, "format9");
    ProjectionRoom room(path);
    CHECK(room.ids("") == "");
    room.put(activity(5));
    CHECK(room.ids("") == "a5");
  }
  SECTION("is made anew when it is damaged") {
    overwrite(path, 4096, std::string(8192, '\x5a'));
    ProjectionRoom room(path);
    CHECK(room.ids("") == "");
  }
  SECTION("is made anew when it is cut off") {
    std::filesystem::resize_file(path, 5000);
    ProjectionRoom room(path);
    room.put(activity(5));
    CHECK(room.ids("") == "a5");
  }
  SECTION("that is not ours is kept under another name") {
    std::ofstream(path, std::ios::trunc) << std::string(200, 'x');
    ProjectionRoom room(path);
    CHECK(room.ids("") == "");
    CHECK(std::filesystem::file_size(path + ".damaged") == 200);
  }
  SECTION("that is a directory is refused in one line") {
    std::filesystem::create_directory(directory.file("folder"));
    const auto opened = open_synchronous_visibility({.path = directory.file("folder")}, {});
    REQUIRE_FALSE(opened);
    CHECK_THAT(opened.error().message, ContainsSubstring("is not a regular file"));
  }
  SECTION("that cannot be marked as open for a full disk makes room for an empty one") {
    const FullDisk disk(1);
    ProjectionRoom room(path);
    CHECK(room.ids("") == "");
    room.put(activity(5));
    CHECK(room.ids("") == "a5");
  }
  SECTION("that finds no room at all lets the server start, and is made as soon as there is some") {
    std::optional<FullDisk> disk(1'000'000);
    ProjectionRoom room(path);
    const auto count = room.try_count("");
    REQUIRE_FALSE(count);
    CHECK(count.error().code == StatusCode::kResourceExhausted);
    room.put(activity(4));
    disk.reset();
    CHECK(room.ids("") == "");
    room.put(activity(5));
    CHECK(room.ids("") == "a5");
  }
  SECTION("of another store is emptied at the first inventory") {
    ProjectionRoom room(path);
    CHECK(room.wanted(0, 9, Items{{1, 1001}}, "another store") == Rows{1});
    CHECK(room.ids("") == "");
  }
}

TEST_CASE("an inventory finds what a projection has missed", "[server][visibility]") {
  ProjectionRoom room;
  CHECK(room.wanted(0, 9, Items{{3, 1}, {5, 1}}) == Rows{3, 5});
  for (const std::uint64_t row : {1, 2, 3, 5, 8}) room.put(activity(row));
  const auto good = [](std::uint64_t row) { return InventoryQuestion::Item{row, row * 1000 + 1}; };

  CHECK(room.wanted(0, 9, Items{good(1), good(2), good(3), good(5), good(8)}).empty());
  SECTION("rows it lacks, and rows that look different") {
    CHECK(room.wanted(0, 9, Items{good(1), {2, 17}, good(3), {4, 1}, good(5), good(8), {9, 1}}) == Rows{2, 4, 9});
    CHECK(room.ids("") == "a8 a5 a3 a2 a1");
  }
  SECTION("and forgets rows that are no more, within the slice alone") {
    CHECK(room.wanted(2, 5, Items{good(3)}).empty());
    CHECK(room.ids("") == "a8 a3 a1");
    CHECK(room.wanted(4, 0x7fffffffffffffff, {}).empty());
    CHECK(room.ids("") == "a3 a1");
  }
  SECTION("what is fed late keeps its place in the list") {
    room.put(activity(6, 100));
    room.list("", 2);
    std::vector<ProjectionChange> late = ProjectionRoom::changes_of(activity(7, 50));
    late.front().caught_up = true;
    room.visibility->apply(std::move(late));
    room.put(activity(4, 50));
    CHECK(room.ids("CloseTime IS NOT NULL") == "a4 a6 a7");
  }
}
