#include <condition_variable>
#include <fstream>
#include <mutex>

#include "support/temporary_directory.h"
#include "unit/visibility/projection_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

/// Answers of another thread, waited for.
class Answers {
 public:
  Visibility::Sink sink() {
    return [this](std::uint64_t ticket, StatusOr<Answer> answer) {
      const std::lock_guard lock(mutex_);
      answers_.insert_or_assign(ticket, std::move(answer));
      arrived_.notify_all();
    };
  }
  StatusOr<Answer> wait(std::uint64_t ticket) {
    std::unique_lock lock(mutex_);
    const bool came = arrived_.wait_for(lock, 20s, [&] { return answers_.contains(ticket); });
    if (!came) return Status{StatusCode::kUnknown, "no answer came", {}};
    return std::move(answers_.extract(ticket).mapped());
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::uint64_t, StatusOr<Answer>> answers_;
};

std::vector<ProjectionChange> rows(std::uint64_t first, std::uint64_t last) {
  std::vector<ProjectionChange> changes;
  for (std::uint64_t row = first; row <= last; ++row) changes.push_back({row, activity(row), false});
  return changes;
}

std::int64_t counted(StatusOr<Answer> answer) {
  if (!answer) FAIL(to_string(answer.error()));
  return std::get<ActivityCount>(*answer).count;
}

}  // namespace

TEST_CASE("the projection on a thread of its own", "[server][visibility][thread]") {
  Answers answers;
  SECTION("answers with everything it was given before, however long it may gather") {
    auto visibility = open_visibility({.linger = 1h}, answers.sink()).value();
    for (std::uint64_t i = 0; i < 50; ++i) {
      visibility->apply(rows(i * 10 + 1, i * 10 + 10));
      visibility->ask(i + 1, CountQuestion{1, "", {}});
    }
    for (std::uint64_t i = 0; i < 50; ++i)
      CHECK(counted(answers.wait(i + 1)) == static_cast<std::int64_t>(i * 10 + 10));
  }
  SECTION("writes of what changes twice the newest") {
    auto visibility = open_visibility({.linger = 1h}, answers.sink()).value();
    visibility->apply(rows(1, 3));
    visibility->apply(ProjectionRoom::changes_of(activity(2, 50)));
    std::vector<ProjectionChange> gone;
    gone.push_back({3, {}, false});
    visibility->apply(std::move(gone));
    visibility->ask(1, ListQuestion{1, "", {}, 10, {}});
    const auto answer = answers.wait(1);
    REQUIRE(answer);
    CHECK(ProjectionRoom::ids_of(std::get<ActivityPage>(*answer)) == "a1 a2");
  }
  SECTION("refuses a wrong query") {
    auto visibility = open_visibility({}, answers.sink()).value();
    visibility->ask(1, CountQuestion{1, "Foo = 1", {}});
    CHECK(answers.wait(1).error().code == StatusCode::kInvalidArgument);
  }
  SECTION("gives up a query that takes too long, and goes on with the next") {
    auto visibility = open_visibility({.query_time_max = 0ms}, answers.sink()).value();
    visibility->apply(rows(1, 30'000));
    visibility->ask(1, CountQuestion{1, "StateTransitionCount != 3 OR HistorySizeBytes != 100", {}});
    const auto refused = answers.wait(1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == StatusCode::kDeadlineExceeded);
    CHECK_THAT(refused.error().message, ContainsSubstring("takes too long"));
    visibility->ask(2, CountQuestion{1, "ActivityId = 'a1'", {}});
    CHECK(counted(answers.wait(2)) == 1);
  }
  SECTION("drops what it cannot hold, says so, and an inventory finds it") {
    auto visibility = open_visibility({.linger = 1h, .queue_bytes_max = 100'000}, answers.sink()).value();
    visibility->apply(rows(1, 2'000));
    CHECK(answers.wait(kInventoryTicket).error().code == StatusCode::kResourceExhausted);
    visibility->ask(1, CountQuestion{1, "", {}});
    CHECK(counted(answers.wait(1)) == 0);
    visibility->ask(kInventoryTicket, InventoryQuestion{5, "store", 0, 9, {{1, 1}, {2, 1}}});
    const auto inventory = answers.wait(kInventoryTicket);
    REQUIRE(inventory);
    CHECK(std::get<InventoryAnswer>(*inventory).number == 5);
    CHECK(std::get<InventoryAnswer>(*inventory).wanted.size() == 2);
  }
  SECTION("refuses more questions than it may hold") {
    auto visibility = open_visibility({.questions_max = 0}, answers.sink()).value();
    visibility->ask(1, CountQuestion{1, "", {}});
    CHECK(answers.wait(1).error().code == StatusCode::kResourceExhausted);
  }
  SECTION("writes everything when it is stopped") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("db.visibility");
    open_visibility({.path = path, .linger = 1h}, answers.sink()).value()->apply(rows(1, 5'000));
    auto again = open_visibility({.path = path}, answers.sink()).value();
    again->ask(1, CountQuestion{1, "", {}});
    CHECK(counted(answers.wait(1)) == 5'000);
  }
  SECTION("is built anew when its file is damaged while it runs") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("db.visibility");
    open_visibility({.path = path}, answers.sink()).value()->apply(rows(1, 20'000));
    auto visibility = open_visibility({.path = path}, answers.sink()).value();
    {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      const std::string trash(4096, '\x5a');
      for (int page = 20; page < 400; ++page) {
        file.seekp(page * 4096);
        file << trash;
      }
    }
    visibility->ask(1, CountQuestion{1, "StateTransitionCount != 3 OR HistorySizeBytes != 100", {}});
    CHECK(answers.wait(1).error().code == StatusCode::kUnavailable);
    CHECK(answers.wait(kInventoryTicket).error().code == StatusCode::kDataLoss);
    visibility->apply(rows(1, 3));
    visibility->ask(2, CountQuestion{1, "", {}});
    CHECK(counted(answers.wait(2)) == 3);
  }
}
