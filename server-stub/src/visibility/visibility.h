#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

/// List and count: a projection of all activities that may lag a little behind the engine, and queries over it.
namespace longbeat::server {

using internal::Status;
using internal::StatusOr;

/// enums.IndexedValueType, same numbers.
enum class AttributeType : std::int8_t {
  kText = 1,
  kKeyword = 2,
  kInt = 3,
  kDouble = 4,
  kBool = 5,
  kDatetime = 6,
  kKeywordList = 7,
};

/// One search attribute of one activity, as it was sent.
struct AttributeValue {
  std::string name{};
  AttributeType type = AttributeType::kKeyword;
  std::string json{};  ///< for example "\"red\"", "17", "[\"a\",\"b\"]"
};

/// What list and count know of one activity.
struct ActivityRow {
  std::uint64_t row = 0;  ///< of the store: unique for ever, rises with starts
  std::uint32_t namespace_id = 0;
  std::string activity_id{}, run_id{}, type{}, task_queue{};
  std::int32_t status = 0;  ///< enums.ActivityExecutionStatus
  internal::WallTime start_time{}, execution_time{};
  std::optional<internal::WallTime> close_time{};
  std::int64_t state_transition_count = 0, state_size_bytes = 0;
  std::string search_attributes{};           ///< serialised common.SearchAttributes, for the answer
  std::vector<AttributeValue> attributes{};  ///< the same, for queries; not filled in answers
  /// The engine's mark of what these fields say; it differs when they do. Not filled in answers.
  std::uint64_t digest = 0;
};

/// `activity` absent: the row was removed.
struct ProjectionChange {
  std::uint64_t row = 0;
  std::optional<ActivityRow> activity{};
  /// Sent because an inventory missed it, not because it has just changed.
  bool caught_up = false;
};

/// Custom attributes of a namespace that queries may name.
using CustomAttributes = std::map<std::string, AttributeType>;

struct ListQuestion {
  std::uint32_t namespace_id = 0;
  std::string query{}, page_token{};
  std::int32_t page_size = 0;  ///< already within its limits
  CustomAttributes custom{};
};
struct CountQuestion {
  std::uint32_t namespace_id = 0;
  std::string query{};
  CustomAttributes custom{};
};
/// "Among the rows from `first` to `last` there are exactly these": how the engine finds out, slice by slice, what a
/// projection has missed while it was lagging, lost or another store's. Rows that are not listed are forgotten.
struct InventoryQuestion {
  std::uint64_t number = 0;  ///< comes back with the answer
  std::string store_id{};    ///< a projection of another store is emptied first
  std::uint64_t first = 0, last = 0;
  struct Item {
    std::uint64_t row = 0, digest = 0;
  };
  std::vector<Item> items{};  ///< rising
};
using Question = std::variant<ListQuestion, CountQuestion, InventoryQuestion>;

struct ActivityPage {
  std::vector<ActivityRow> rows{};
  std::string next_page_token{};
};
struct ActivityCount {
  std::int64_t count = 0;
  std::vector<std::pair<std::string, std::int64_t>> groups{};  ///< status text → how many; with GROUP BY only
};
/// Rows of the inventory that are missing or look different here.
struct InventoryAnswer {
  std::uint64_t number = 0;
  std::vector<std::uint64_t> wanted{};
};
using Answer = std::variant<ActivityPage, ActivityCount, InventoryAnswer>;

/// The ticket of inventories, and of the news that changes were lost (an error): take the inventory again.
inline constexpr std::uint64_t kInventoryTicket = 0;

/// The projection. apply() and ask() are called on the engine's thread and return at once; answers come through the
/// sink, on any thread.
class Visibility {
 public:
  /// Gets the answer to the question that carried this ticket. INVALID_ARGUMENT when the query is wrong, with its
  /// place; DEADLINE_EXCEEDED when it costs too much.
  using Sink = std::function<void(std::uint64_t ticket, StatusOr<Answer> answer)>;

  /// Writes what it was given and closes; questions without an answer get UNAVAILABLE.
  virtual ~Visibility() = default;
  /// Changes that are durable in the store, in order. Takes them over. Every question asked later sees them.
  virtual void apply(std::vector<ProjectionChange> changes) = 0;
  virtual void ask(std::uint64_t ticket, Question question) = 0;
};

struct VisibilityOptions {
  /// Its file; made when missing, made anew when it is damaged or of another format. Empty: memory.
  std::string path{};
  /// How long changes may gather before they are written, unless someone asks. What changes twice meanwhile is written
  /// once.
  std::chrono::milliseconds linger{500};
  /// A query that takes longer is given up. Below 4 s, the longest that a change may stay invisible.
  std::chrono::milliseconds query_time_max{3'000};
  /// Changes that wait to be written. Beyond it they are dropped, and an inventory is asked for.
  std::size_t queue_bytes_max = 128 * 1024 * 1024;
  /// Questions that wait; more get RESOURCE_EXHAUSTED.
  std::size_t questions_max = 1'000;
  /// Measures queries.
  const internal::Clock* clock = &internal::system_clock();
};

/// The server's projection, on a thread of its own.
StatusOr<std::unique_ptr<Visibility>> open_visibility(VisibilityOptions options, Visibility::Sink sink);
/// The same SQL without a thread: apply() writes, ask() answers before it returns. For tests and simulations. Only
/// `path` of the options counts; a query's cost is measured in SQLite's own steps.
StatusOr<std::unique_ptr<Visibility>> open_synchronous_visibility(VisibilityOptions options, Visibility::Sink sink);

}  // namespace longbeat::server
