#include "storage/store.h"

#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/temporary_directory.h"

using namespace longbeat::server;

namespace {

using Rows = std::vector<std::pair<std::uint64_t, std::string>>;

Rows rows_of(Reader& store, Table table, std::uint64_t first = 0) {
  Rows rows;
  store
      .scan(table, first,
            [&](std::uint64_t key, std::string_view value) {
              rows.emplace_back(key, value);
              return true;
            })
      .value();
  return rows;
}

std::unique_ptr<Store> make(const std::string& kind, const TemporaryDirectory& directory) {
  if (kind == "memory") return make_memory_store();
  return open_sqlite_store({directory.file("a.db")}).value();
}

}  // namespace

TEST_CASE("the second reader of a store", "[server][storage]") {
  const TemporaryDirectory directory;
  SECTION("sees, on another thread, what was committed before its first scan") {
    const auto store = make("sqlite", directory);
    store->commit(std::vector<Write>{{Table::kInput, 1, "i"}, {Table::kInput, 5, "j"}}).value();
    const auto reader = store->open_reader().value();
    REQUIRE(reader);
    Rows all, some;
    std::thread([&] {
      all = rows_of(*reader, Table::kInput);
      some = rows_of(*reader, Table::kInput, 2);
    }).join();
    CHECK(all == Rows{{1, "i"}, {5, "j"}});
    CHECK(some == Rows{{5, "j"}});
    store->commit(std::vector<Write>{{Table::kInput, 6, "k"}}).value();  // Does not wait for it.
    CHECK(rows_of(*reader, Table::kInput) == Rows{{1, "i"}, {5, "j"}});
  }
  SECTION("does not exist where the rows are in memory") {
    CHECK(make("memory", directory)->open_reader().value() == nullptr);
  }
}

TEST_CASE("a store", "[server][storage]") {
  const std::string kind = GENERATE("memory", "sqlite");
  CAPTURE(kind);
  const TemporaryDirectory directory;
  const auto store = make(kind, directory);

  SECTION("has no rows at first") {
    CHECK(rows_of(*store, Table::kInput).empty());
    CHECK_FALSE(store->read(Table::kInput, 1).value());
  }
  SECTION("reads what one transaction wrote to several tables") {
    store->commit(std::vector<Write>{{Table::kProgress, 1, "p"}, {Table::kInput, 1, "i"}, {Table::kInput, 2, "j"}})
        .value();
    CHECK(store->read(Table::kProgress, 1).value() == "p");
    CHECK(store->read(Table::kInput, 2).value() == "j");
    CHECK_FALSE(store->read(Table::kProgress, 2).value());
  }
  SECTION("replaces and removes rows") {
    store->commit(std::vector<Write>{{Table::kProgress, 1, "old"}, {Table::kProgress, 2, "gone"}}).value();
    store->commit(std::vector<Write>{{Table::kProgress, 1, "a longer new one"}, {Table::kProgress, 2, std::nullopt}})
        .value();
    CHECK(rows_of(*store, Table::kProgress) == Rows{{1, "a longer new one"}});
  }
  SECTION("removing a row that is not there is no error") {
    CHECK(store->commit(std::vector<Write>{{Table::kClosed, 7, std::nullopt}}));
  }
  SECTION("keeps an empty value apart from no value") {
    store->commit(std::vector<Write>{{Table::kDetails, 1, ""}}).value();
    REQUIRE(store->read(Table::kDetails, 1).value());
    CHECK(store->read(Table::kDetails, 1).value()->empty());
  }
  SECTION("keeps bytes of every value, zeros too") {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 7);
    store->commit(std::vector<Write>{{Table::kDetails, 1, bytes}}).value();
    CHECK(store->read(Table::kDetails, 1).value() == bytes);
  }
  SECTION("scans in order of key, from a key on, and stops when told to") {
    store
        ->commit(std::vector<Write>{{Table::kInput, 1ULL << 40, "c"}, {Table::kInput, 3, "a"}, {Table::kInput, 9, "b"}})
        .value();
    CHECK(rows_of(*store, Table::kInput) == Rows{{3, "a"}, {9, "b"}, {1ULL << 40, "c"}});
    CHECK(rows_of(*store, Table::kInput, 4) == Rows{{9, "b"}, {1ULL << 40, "c"}});
    int seen = 0;
    store->scan(Table::kInput, 0, [&](std::uint64_t, std::string_view) { return ++seen < 2; }).value();
    CHECK(seen == 2);
  }
  SECTION("can read one row while it scans") {
    store->commit(std::vector<Write>{{Table::kIndex, 1, "a"}, {Table::kIndex, 2, "b"}}).value();
    store
        ->scan(Table::kIndex, 0,
               [&](std::uint64_t, std::string_view) {
                 CHECK(store->read(Table::kIndex, 1).value() == "a");
                 return true;
               })
        .value();
  }
  SECTION("takes an empty transaction") {
    CHECK(store->commit({}));
  }
}

TEST_CASE("an SQLite store", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");

  SECTION("has everything it acknowledged when it is opened again") {
    open_sqlite_store({path})
        .value()
        ->commit(std::vector<Write>{{Table::kInput, 5, "five"}, {Table::kMeta, 1, "meta"}})
        .value();
    const auto again = open_sqlite_store({path}).value();
    CHECK(rows_of(*again, Table::kInput) == Rows{{5, "five"}});
    CHECK(again->read(Table::kMeta, 1).value() == "meta");
  }
  SECTION("keeps its log bounded under load") {
    const auto store = open_sqlite_store({path, 8 * 1024 * 1024}).value();
    const std::string value(3000, 'x');
    std::uintmax_t largest = 0;
    for (std::uint64_t round = 0; round < 1500; ++round) {
      std::vector<Write> writes;
      for (std::uint64_t i = 0; i < 16; ++i) writes.push_back({Table::kDetails, (round * 61 + i) % 5000, value});
      store->commit(writes).value();
      store->maintain();
      if (round % 50 == 0) largest = std::max(largest, std::filesystem::file_size(path + "-wal"));
    }
    CHECK(largest < 17 * 1024 * 1024);  // About 75 MB went through it.
  }
}
