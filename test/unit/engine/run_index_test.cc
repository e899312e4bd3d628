#include "directory/run_index.h"

#include <algorithm>
#include <set>
#include <string>

#include "support/catch.h"

using namespace longbeat::server;

namespace {

std::set<std::uint64_t> rows(const RunIndex& index, std::uint64_t fingerprint) {
  std::set<std::uint64_t> rows;
  index.find(fingerprint, [&](std::uint64_t row) {
    rows.insert(row);
    return false;
  });
  return rows;
}

std::uint64_t key(std::uint64_t n) {
  return fingerprint(1, "activity-" + std::to_string(n)).low;
}

}  // namespace

TEST_CASE("the index of runs", "[server][directory]") {
  RunIndex index;
  SECTION("finds nothing while it is empty") {
    CHECK(rows(index, 42).empty());
    CHECK_FALSE(index.erase(42, 1));
  }
  SECTION("keeps several rows of one fingerprint, for the caller to choose") {
    index.insert(key(1), 10), index.insert(key(1), 20);
    CHECK(rows(index, key(1)) == std::set<std::uint64_t>{10, 20});
    CHECK(index.erase(key(1), 10));
    CHECK_FALSE(index.erase(key(1), 10));
    CHECK(rows(index, key(1)) == std::set<std::uint64_t>{20});
  }
  SECTION("stops looking when the caller is content") {
    index.insert(key(1), 10), index.insert(key(1), 20);
    int seen = 0;
    CHECK(index.find(key(1), [&](std::uint64_t) { return ++seen == 1; }));
    CHECK(seen == 1);
  }
  SECTION("keeps rows beyond 32 bits") {
    index.insert(key(1), (std::uint64_t{1} << 47) + 5);
    CHECK(rows(index, key(1)) == std::set<std::uint64_t>{(std::uint64_t{1} << 47) + 5});
  }
  SECTION("tells whether there was an entry of the fingerprint") {
    CHECK_FALSE(index.insert(key(1), 10));
    CHECK(index.insert(key(1), 20));
    CHECK_FALSE(index.insert(key(2), 30));
  }
  SECTION("takes less than 19 bytes an entry, however many there are") {
    double most = 0;
    for (std::uint64_t n = 1; n <= 400'000; ++n) {
      index.insert(key(n), n);
      if (n >= 10'000 && n % 1000 == 0) {
        most = std::max(most, static_cast<double>(index.memory_bytes()) / static_cast<double>(n));
      }
    }
    CHECK(most < 19);
  }
  SECTION("finds all of many, after removing every third, in at most 24 bytes each") {
    constexpr std::uint64_t kCount = 300'000;
    for (std::uint64_t n = 1; n <= kCount; ++n) index.insert(key(n), n);
    CHECK(index.memory_bytes() <= kCount * 24);
    for (std::uint64_t n = 3; n <= kCount; n += 3) REQUIRE(index.erase(key(n), n));
    std::uint64_t wrong = 0;
    for (std::uint64_t n = 1; n <= kCount; ++n) wrong += rows(index, key(n)).contains(n) == (n % 3 == 0);
    CHECK(wrong == 0);
    CHECK(index.size() == kCount - kCount / 3);
  }
}

TEST_CASE("the loader of an index", "[server][directory]") {
  RunIndexLoader loader;
  std::vector<std::uint64_t> shared;
  SECTION("makes an empty index of nothing") {
    RunIndex index = loader.build(shared);
    CHECK(index.size() == 0);
    CHECK(rows(index, key(1)).empty());
    index.insert(key(1), 10);
    CHECK(rows(index, key(1)) == std::set<std::uint64_t>{10});
  }
  SECTION("makes the same as one insertion after the other, and it can grow") {
    constexpr std::uint64_t kCount = 100'000;
    for (std::uint64_t n = 1; n <= kCount; ++n) loader.add(key(n), n);
    RunIndex index = loader.build(shared);
    CHECK(shared.empty());
    CHECK(index.memory_bytes() <= kCount * 24);
    for (std::uint64_t n = kCount + 1; n <= 2 * kCount; ++n) index.insert(key(n), n);
    std::uint64_t wrong = 0;
    for (std::uint64_t n = 1; n <= 2 * kCount; ++n) wrong += !rows(index, key(n)).contains(n);
    CHECK(wrong == 0);
    CHECK(index.size() == 2 * kCount);
    CHECK(index.erase(key(5), 5));
  }
  SECTION("tells of fingerprints with several rows") {
    loader.add(key(1), 10), loader.add(key(2), 11), loader.add(key(1), 12), loader.add(key(1), 13);
    const RunIndex index = loader.build(shared);
    REQUIRE_FALSE(shared.empty());
    for (const std::uint64_t one : shared) CHECK(rows(index, one) == std::set<std::uint64_t>{10, 12, 13});
    CHECK(rows(index, key(2)) == std::set<std::uint64_t>{11});
  }
}

TEST_CASE("a fingerprint", "[server][directory]") {
  SECTION("is the same on every machine: it is stored") {
    CHECK(fingerprint(1, "order-17").low == fingerprint(1, "order-17").low);
    CHECK(fingerprint(1, "").low != fingerprint(1, std::string(1, '\0')).low);
  }
  SECTION("tells namespaces and runs apart") {
    CHECK(fingerprint(1, "a").low != fingerprint(2, "a").low);
    CHECK(fingerprint(1, "a").low != fingerprint(1, "a").high);
    CHECK(run_fingerprint(fingerprint(1, "a"), {1}) != run_fingerprint(fingerprint(1, "a"), {2}));
  }
}
