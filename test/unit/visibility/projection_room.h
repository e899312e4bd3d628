#pragma once
#include <map>
#include <string>

#include "support/catch.h"
#include "visibility/visibility.h"

/// A projection without a thread, and short ways to fill and ask it.
namespace longbeat::server::test {

using namespace std::chrono_literals;
using internal::StatusCode;
using internal::WallTime;

inline WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

enum StatusNumber {
  kRunning = 1,
  kCompleted = 2,
  kFailed = 3,
  kCanceled = 4,
  kTerminated = 5,
  kTimedOut = 6,
  kPaused = 7
};

/// Started at second `row`.
inline ActivityRow activity(std::uint64_t row, std::optional<std::int64_t> closed = {}, int status = 0) {
  ActivityRow one;
  one.row = row;
  one.namespace_id = 1;
  one.activity_id = "a" + std::to_string(row);
  one.run_id = "run-" + std::to_string(row);
  one.type = "copy";
  one.task_queue = "q";
  one.status = status != 0 ? status : closed ? kCompleted : kRunning;
  one.start_time = at(static_cast<std::int64_t>(row));
  one.execution_time = one.start_time;
  if (closed) one.close_time = at(*closed);
  one.state_transition_count = 3;
  one.state_size_bytes = 100;
  one.digest = row * 1000 + static_cast<std::uint64_t>(one.status);
  return one;
}

class ProjectionRoom {
 public:
  explicit ProjectionRoom(std::string file = {}) : file_(std::move(file)) { open(); }

  void open() {
    visibility.reset();
    auto opened = open_synchronous_visibility({.path = file_}, [this](std::uint64_t ticket, StatusOr<Answer> answer) {
      answers.insert_or_assign(ticket, std::move(answer));
    });
    if (!opened) FAIL("open: " + to_string(opened.error()));
    visibility = std::move(*opened);
  }

  void put(ActivityRow row) { visibility->apply(changes_of(std::move(row))); }
  static std::vector<ProjectionChange> changes_of(ActivityRow row) {
    std::vector<ProjectionChange> changes;
    changes.push_back({row.row, std::move(row), false});
    changes.back().row = changes.back().activity->row;
    return changes;
  }
  void remove(std::uint64_t row) {
    std::vector<ProjectionChange> changes;
    changes.push_back({row, {}, false});
    visibility->apply(std::move(changes));
  }

  StatusOr<ActivityPage> try_list(const std::string& query, int page_size = 1000, const std::string& token = {},
                                  std::uint32_t namespace_id = 1) {
    auto answer = ask(ListQuestion{namespace_id, query, token, page_size, custom});
    if (!answer) return answer.error();
    return std::get<ActivityPage>(std::move(*answer));
  }
  ActivityPage list(const std::string& query, int page_size = 1000, const std::string& token = {}) {
    auto page = try_list(query, page_size, token);
    if (!page) FAIL(query + ": " + to_string(page.error()));
    return std::move(*page);
  }
  /// The IDs that match, in order: "a3 a1".
  std::string ids(const std::string& query) { return ids_of(list(query)); }
  static std::string ids_of(const ActivityPage& page) {
    std::string text;
    for (const ActivityRow& row : page.rows) text += (text.empty() ? "" : " ") + row.activity_id;
    return text;
  }
  std::string refused(const std::string& query) {
    const auto page = try_list(query);
    if (page) return "accepted";
    CHECK(page.error().code == StatusCode::kInvalidArgument);
    return page.error().message;
  }
  StatusOr<ActivityCount> try_count(const std::string& query, std::uint32_t namespace_id = 1) {
    auto answer = ask(CountQuestion{namespace_id, query, custom});
    if (!answer) return answer.error();
    return std::get<ActivityCount>(std::move(*answer));
  }
  std::int64_t count(const std::string& query) {
    const auto counted = try_count(query);
    if (!counted) FAIL(query + ": " + to_string(counted.error()));
    return counted->count;
  }
  std::vector<std::uint64_t> wanted(std::uint64_t first, std::uint64_t last, std::vector<InventoryQuestion::Item> items,
                                    const std::string& store = "store") {
    auto answer = ask(InventoryQuestion{7, store, first, last, std::move(items)});
    if (!answer) FAIL(to_string(answer.error()));
    return std::get<InventoryAnswer>(*answer).wanted;
  }

  std::unique_ptr<Visibility> visibility;
  CustomAttributes custom{};
  std::map<std::uint64_t, StatusOr<Answer>> answers;

 private:
  StatusOr<Answer> ask(Question question) {
    const std::uint64_t ticket = ++tickets_;
    visibility->ask(ticket, std::move(question));
    auto answer = answers.extract(ticket);
    REQUIRE_FALSE(answer.empty());
    return std::move(answer.mapped());
  }
  std::string file_;
  std::uint64_t tickets_ = 0;
};

}  // namespace longbeat::server::test
