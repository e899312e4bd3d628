// An SQLite store on a disk that runs full, and has room again.
#include <sys/stat.h>

#include <filesystem>
#include <vector>

#include "core/loop_clock.h"
#include "storage/store.h"
#include "support/catch.h"
#include "support/eventually.h"
#include "support/fault_vfs.h"
#include "support/manual_loop.h"
#include "support/temporary_directory.h"

using namespace longbeat::server;
using longbeat::test::eventually;
using longbeat::test::FaultVfs;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kReserve = 4 * kMiB;

class Disk {
 public:
  explicit Disk(std::uint64_t bytes) {
    faults_.bytes_max = bytes;
    faults_.skips_sync = true;
  }
  ~Disk() { faults_.heal(); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  std::unique_ptr<Store> open() {
    return open_sqlite_store({.path = path(),
                              .reserve_bytes = kReserve,
                              .free_bytes =
                                  [this](const std::string& file) {
                                    return std::optional(says_nothing ? UINT64_MAX : faults_.bytes_left(file));
                                  },
                              .clock = &clock_})
        .value();
  }
  std::string path() const { return directory_.file("a.db"); }
  bool has_reserve() const { return std::filesystem::exists(path() + ".reserve"); }
  std::uint64_t bytes_left() const { return faults_.bytes_left(path()); }
  void resize(std::uint64_t bytes) { faults_.bytes_max = bytes; }
  /// The store looks at its disk ten times a second, and here no time passes but this.
  void look_again(Store& store) {
    loop_.run_for(std::chrono::milliseconds(100));
    store.maintain();
  }
  /// A look finds room, as soon as the thread that moves the log has told of its last try without.
  bool has_room(Store& store) {
    return eventually([&] { return look_again(store), !store.disk_full(); });
  }

  /// The system's word on what is free is not to be had, as with quotas.
  bool says_nothing = false;

 private:
  TemporaryDirectory directory_{};
  longbeat::test::ManualLoop loop_{};
  longbeat::internal::LoopClock clock_{loop_};
  FaultVfs& faults_ = FaultVfs::install();
};

const std::string kValue(100'000, 'x');

/// Writes until the disk is full or a commit fails; the next key, or the refusal.
StatusOr<std::uint64_t> fill(Store& store, std::uint64_t key = 1) {
  const std::uint64_t end = key + 10'000;
  for (; !store.disk_full() && key < end; ++key) {
    if (auto ok = store.commit(std::vector<Write>{{Table::kInput, key, kValue}}); !ok) return ok.error();
    store.maintain();
  }
  return key;
}

}  // namespace

TEST_CASE("a store whose disk runs full", "[server][storage][full]") {
  Disk disk(32 * kMiB);

  SECTION("says so before a commit fails, and gives its reserve back") {
    auto store = disk.open();
    CHECK_FALSE(store->disk_full());
    CHECK(disk.has_reserve());
    const auto next = fill(*store);
    REQUIRE(next);
    CHECK(store->disk_full());
    CHECK_FALSE(disk.has_reserve());

    SECTION("then small changes and removals go on") {
      for (std::uint64_t i = 0; i < 2'000; ++i) {
        store->commit(std::vector<Write>{{Table::kProgress, i % 50, "state"}, {Table::kDetails, i % 50, "details"}})
            .value();
        store->maintain();
      }
    }
    SECTION("and is no longer full when enough was removed") {
      std::vector<Write> writes;
      for (std::uint64_t key = 1; key < *next; ++key) writes.push_back({Table::kInput, key, std::nullopt});
      for (std::size_t at = 0; at < writes.size(); at += 10) {
        store->commit(std::span(writes).subspan(at, std::min<std::size_t>(10, writes.size() - at))).value();
        store->maintain();
      }
      CHECK(disk.has_room(*store));
      // On a slow machine a commit may find out first, while the helper moves the log: the engine begins anew then.
      const auto again = fill(*store);
      if (!again) CHECK(again.error().code == StatusCode::kResourceExhausted);
      CHECK(store->disk_full());
    }
    SECTION("and is no longer full when the disk has room again, with a new reserve") {
      disk.resize(100 * kMiB);
      CHECK(disk.has_room(*store));
      CHECK(disk.has_reserve());
    }
    SECTION("and is full again soon after it was opened again") {
      store.reset();  // Its log goes with it, which makes some room: the more, the slower it was moved.
      const std::uint64_t fits = disk.bytes_left() / kValue.size();
      store = disk.open();
      CHECK(fill(*store, 20'000).value() < 20'000 + fits);
      CHECK(store->disk_full());
      CHECK(store->read(Table::kInput, *next - 1).value() == kValue);
    }
  }
  SECTION("finds out by a commit that fails where the system does not say what is free") {
    disk.says_nothing = true;
    auto store = disk.open();
    std::uint64_t acknowledged = 0;
    StatusOr<> ok;
    while (true) {  // Without maintain(): the log is all there is.
      ok = store->commit(std::vector<Write>{{Table::kInput, acknowledged + 1, kValue}});
      if (!ok) break;
      REQUIRE(++acknowledged < 10'000);
    }
    CHECK(ok.error().code == StatusCode::kResourceExhausted);
    CHECK(store->disk_full());
    CHECK_FALSE(disk.has_reserve());
    store.reset();
    store = disk.open();
    // Nothing that was acknowledged is lost, and nothing else is there.
    for (std::uint64_t i = 1; i <= acknowledged; ++i) REQUIRE(store->read(Table::kInput, i).value() == kValue);
    CHECK_FALSE(store->read(Table::kInput, acknowledged + 1).value());
    store->commit(std::vector<Write>{{Table::kInput, 1, std::nullopt}}).value();
  }
  SECTION("keeps its log small where there is little room") {
    auto store = disk.open();
    for (std::uint64_t i = 0; i < 600 && !store->disk_full(); ++i) {
      store->commit(std::vector<Write>{{Table::kDetails, i % 50, kValue}}).value();  // 60 MB in all.
      store->maintain();
    }
    CHECK_FALSE(store->disk_full());
  }
}

TEST_CASE("a store that is opened", "[server][storage][full]") {
  SECTION("on a disk without room for a reserve is full from the start") {
    Disk disk(kReserve / 2);
    CHECK(disk.open()->disk_full());
    CHECK_FALSE(disk.has_reserve());
  }
  SECTION("keeps the reserve that is there, and replaces one that is not whole") {
    Disk disk(100 * kMiB);
    CHECK_FALSE(disk.open()->disk_full());
    std::filesystem::resize_file(disk.path() + ".reserve", 100);
    disk.open();
    CHECK(std::filesystem::file_size(disk.path() + ".reserve") == kReserve);
    std::filesystem::resize_file(disk.path() + ".reserve", 0);
    std::filesystem::resize_file(disk.path() + ".reserve", kReserve);  // All of it a hole.
    disk.open();
    struct stat info{};
    REQUIRE(::stat((disk.path() + ".reserve").c_str(), &info) == 0);
    CHECK(static_cast<std::uint64_t>(info.st_blocks) * 512 >= kReserve);
  }
  SECTION("and has given its reserve back needs room for two of them to begin again") {
    Disk disk(100 * kMiB);
    disk.open();
    std::filesystem::remove(disk.path() + ".reserve");
    disk.resize(2 * kReserve);
    CHECK(disk.open()->disk_full());
    disk.resize(4 * kReserve);
    CHECK_FALSE(disk.open()->disk_full());
  }
  SECTION("without a reserve makes none") {
    const TemporaryDirectory directory;
    open_sqlite_store({.path = directory.file("a.db")}).value();
    CHECK_FALSE(std::filesystem::exists(directory.file("a.db.reserve")));
  }
}
