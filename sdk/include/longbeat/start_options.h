#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "longbeat/call_options.h"
#include "longbeat/export.h"
#include "longbeat/links.h"
#include "longbeat/result.h"
#include "longbeat/retry_policy.h"
#include "longbeat/search_attributes.h"

LONGBEAT_BEGIN

/// May the ID of a closed activity be used again?
enum class IdReusePolicy : std::int8_t {
  kAllowDuplicate = 1,            ///< Yes. The server's default.
  kAllowDuplicateFailedOnly = 2,  ///< Only when the last run did not complete.
  kRejectDuplicate = 3,           ///< No.
};
/// What if an activity with this ID is still open?
enum class IdConflictPolicy : std::int8_t {
  kFail = 1,         ///< The start fails with kAlreadyStarted. The server's default.
  kUseExisting = 2,  ///< The start succeeds with a handle of the open run.
};

/// What becomes of what a start brought along when it found the activity open (IdConflictPolicy::kUseExisting).
struct OnConflictOptions {
  /// A repetition of this start is recognised later, too. Needs a completion callback or a link.
  bool attach_request_id = false;
  /// The open run calls its completion_callbacks. Needs attach_request_id.
  bool attach_completion_callbacks = false;
  /// The open run gets its links.
  bool attach_links = false;
};

/// What to start and with which limits. Required: id, task_queue, and one of start_to_close_timeout and
/// schedule_to_close_timeout. Limits that are not set: one attempt may take as long as the whole activity, the whole
/// activity as long as its attempts need, however many those are. Those that are set are more than zero. Texts are
/// UTF-8.
struct StartOptions {
  /// Your key for this unit of work. Starting the same ID twice does not do the work twice. Not empty, at most 1000
  /// bytes.
  std::string id{};
  /// Queue whose workers may run it. Not empty, at most 1000 bytes.
  std::string task_queue{};
  /// Limit on one attempt.
  std::optional<std::chrono::nanoseconds> start_to_close_timeout{};
  /// Limit on the whole activity with all its attempts.
  std::optional<std::chrono::nanoseconds> schedule_to_close_timeout{};
  /// Limit on waiting in the queue for a worker. Not retried when it passes.
  std::optional<std::chrono::nanoseconds> schedule_to_start_timeout{};
  /// Limit on silence between heartbeats: a dead worker is noticed after this time.
  std::optional<std::chrono::nanoseconds> heartbeat_timeout{};
  /// The first attempt is not handed out before this time has passed. Zero is as good as not set; not negative.
  std::optional<std::chrono::nanoseconds> start_delay{};
  /// Not set: the server's default policy, which retries without limit of attempts.
  std::optional<RetryPolicy> retry_policy{};
  std::optional<Priority> priority{};
  std::optional<IdReusePolicy> id_reuse_policy{};
  std::optional<IdConflictPolicy> id_conflict_policy{};
  /// One line for people, shown by tools beside the activity. At most 360 bytes.
  std::string summary{};
  /// More for people, in Markdown. At most 19,900 bytes.
  std::string details{};
  /// What list queries can find it by. Their names have to be registered in the namespace; the server limits number and
  /// size.
  SearchAttributes search_attributes{};
  /// Called by the server when the activity has closed. Servers refuse them unless they were set up for it.
  std::vector<CompletionCallback> completion_callbacks{};
  /// What the activity belongs to. At most 10.
  std::vector<Link> links{};
  /// Only looked at with IdConflictPolicy::kUseExisting.
  std::optional<OnConflictOptions> on_conflict_options{};
  /// Makes this start recognisable: repeated under the same one, also by another process, it gives the same run. Empty:
  /// a new one. At most 1000 bytes.
  std::string request_id{};
  CallOptions call{};
};

/// Checks every field and names the first bad one; no I/O. kInvalidArgument on failure. The server checks again and
/// knows limits of its own.
LONGBEAT_EXPORT Result<> validate(const StartOptions& options);

/// How many starts go out together.
struct StartManyOptions {
  /// Most starts that are sent and not answered. At least 1. What is not sent yet is not encoded yet.
  std::size_t max_in_flight = 64;
  /// Bounds the whole: what has no answer then gets kDeadlineExceeded. Not set: each start has its own limit alone.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// What has no answer then gets kCanceled.
  std::stop_token stop_token{};
};

LONGBEAT_END
