// An SQLite store over a disk that fails: whatever it acknowledged is there afterwards, and a transaction whose fate
// was not known is there as a whole or not at all.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/random.h"
#include "storage/store.h"
#include "support/catch.h"
#include "support/fault_vfs.h"
#include "support/temporary_directory.h"

using namespace longbeat::server;
using longbeat::test::FaultVfs;

namespace {

struct Healed {
  ~Healed() { FaultVfs::install().heal(); }
};

std::string value_of(std::uint64_t transaction) {
  return "transaction " + std::to_string(transaction) + std::string(5'000, '.');
}

/// Three rows in three tables, which belong together.
StatusOr<> commit(Store& store, std::uint64_t transaction) {
  const std::string value = value_of(transaction);
  return store.commit(std::vector<Write>{{Table::kProgress, transaction, value},
                                         {Table::kInput, transaction, value},
                                         {Table::kDetails, transaction, value}});
}

/// How many rows of this transaction there are; each has to be the right one.
int rows_of(Store& store, std::uint64_t transaction) {
  int rows = 0;
  for (const Table table : {Table::kProgress, Table::kInput, Table::kDetails}) {
    const auto value = store.read(table, transaction).value();
    if (!value) continue;
    CHECK(*value == value_of(transaction));
    ++rows;
  }
  return rows;
}

}  // namespace

TEST_CASE("a disk error in a commit", "[server][storage][fault]") {
  const Healed healed;
  FaultVfs& faults = FaultVfs::install();
  const TemporaryDirectory directory;
  auto store = open_sqlite_store({.path = directory.file("a.db")}).value();
  for (std::uint64_t i = 1; i <= 20; ++i) commit(*store, i).value();

  const bool in_sync = GENERATE(false, true);
  const std::int64_t which = in_sync ? 1 : GENERATE(range(1, 12));
  CAPTURE(in_sync, which);
  (in_sync ? faults.fail_sync_in : faults.fail_write_in) = which;
  const auto failed = commit(*store, 21);
  REQUIRE_FALSE(failed);
  // Not "the disk is full", after which the server would go on in this process.
  CHECK(failed.error().code == StatusCode::kDataLoss);
  CHECK_FALSE(store->disk_full());
  store.reset();  // Its last checkpoint fails too.
  faults.heal();

  store = open_sqlite_store({.path = directory.file("a.db")}).value();
  for (std::uint64_t i = 1; i <= 20; ++i) CHECK(rows_of(*store, i) == 3);
  const int unknown = rows_of(*store, 21);
  CHECK((unknown == 0 || unknown == 3));
  commit(*store, 22).value();
}

TEST_CASE("a disk that takes what a log holds more slowly than commits come", "[server][storage][fault]") {
  const Healed healed;
  FaultVfs& faults = FaultVfs::install();
  faults.skips_sync = true;
  faults.database_sync_ms = 100;
  const TemporaryDirectory directory;
  constexpr std::uint64_t kRestart = 2 * 1024 * 1024;
  const auto store = open_sqlite_store({directory.file("a.db"), kRestart}).value();
  const std::string value(3000, 'x');
  std::uintmax_t largest = 0;
  for (std::uint64_t round = 0; round < 400; ++round) {  // 19 MB
    std::vector<Write> writes;
    for (std::uint64_t i = 0; i < 16; ++i) writes.push_back({Table::kDetails, (round * 61 + i) % 5000, value});
    store->commit(writes).value();
    store->maintain();
    largest = std::max(largest, std::filesystem::file_size(directory.file("a.db-wal")));
  }
  CHECK(largest > kRestart);
  CHECK(largest < 2 * kRestart + 512 * 1024);  // The one commit that takes it over its limit may be this large.
}

TEST_CASE("a log whose end is damaged, as by a loss of power within a write", "[server][storage][fault]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const std::string copy = directory.file("copy.db");
  auto store = open_sqlite_store({.path = path}).value();
  for (std::uint64_t i = 1; i <= 20; ++i) commit(*store, i).value();
  const auto before = std::filesystem::file_size(path + "-wal");
  commit(*store, 21).value();
  const auto after = std::filesystem::file_size(path + "-wal");
  REQUIRE(after > before);
  std::filesystem::copy_file(path, copy);
  std::filesystem::copy_file(path + "-wal", copy + "-wal");
  longbeat::internal::Random random(GENERATE(range(1u, 9u)));

  SECTION("by an end in the middle of the last transaction, loses that one as a whole") {
    std::filesystem::resize_file(copy + "-wal", before + 1 + random.below(after - before - 1));
    const auto torn = open_sqlite_store({.path = copy}).value();
    for (std::uint64_t i = 1; i <= 20; ++i) CHECK(rows_of(*torn, i) == 3);
    CHECK(rows_of(*torn, 21) == 0);
    commit(*torn, 21).value();
    CHECK(rows_of(*torn, 21) == 3);
  }
  SECTION("by noise within the last transaction, loses that one as a whole") {
    std::fstream wal(copy + "-wal", std::ios::in | std::ios::out | std::ios::binary);
    wal.seekp(static_cast<std::streamoff>(before + random.below(after - before - 8)));
    const std::uint64_t noise = random.next();
    wal.write(reinterpret_cast<const char*>(&noise), sizeof noise);
    wal.close();
    const auto torn = open_sqlite_store({.path = copy}).value();
    for (std::uint64_t i = 1; i <= 20; ++i) CHECK(rows_of(*torn, i) == 3);
    CHECK(rows_of(*torn, 21) == 0);
  }
  SECTION("by noise behind it, loses nothing") {
    std::ofstream wal(copy + "-wal", std::ios::app | std::ios::binary);
    for (int i = 0; i < 2'000; ++i) wal.put(static_cast<char>(random.next()));
    wal.close();
    const auto opened = open_sqlite_store({.path = copy}).value();
    for (std::uint64_t i = 1; i <= 21; ++i) CHECK(rows_of(*opened, i) == 3);
  }
}
