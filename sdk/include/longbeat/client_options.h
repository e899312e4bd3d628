#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/interceptor.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

/// An encrypted connection, on which the server proves who it is. Every field has a usable default. The files are in
/// PEM format and are read once, by Client::connect.
struct TlsOptions {
  /// File with certificates, one of which has to have signed the server's. Empty: those that this system trusts.
  std::string ca{};
  /// File with this client's own certificate, for servers that ask for one; `key` goes with it. Empty: none.
  std::string certificate{};
  /// File with the private key of `certificate`, not encrypted.
  std::string key{};
  /// The name that the server's certificate has to be for. Empty: the host of the address.
  std::string server_name{};
};

/// How a Client reaches the server. Every field has a usable default. Texts are UTF-8.
struct ClientOptions {
  /// Where the server listens: "host:port", "1.2.3.4:7233" or "[::1]:7233". No scheme, no path.
  std::string address = "127.0.0.1:7233";
  /// Not set: no encryption. `TlsOptions{}` is enough for a server whose certificate this system trusts.
  std::optional<TlsOptions> tls{};
  /// Sent with every call, as `authorization: Bearer KEY`. Empty: none. Needs `tls`, except to this machine itself
  /// (localhost, 127.x.x.x, [::1]). Printable ASCII without spaces. Appears in no message and no line of a log.
  std::string api_key{};
  /// Sends `api_key` unencrypted over a network all the same: everyone on the way can read and use it.
  bool api_key_without_tls = false;
  /// Namespace of every call of this client. Must exist on the server; not empty.
  std::string namespace_name = "default";
  /// Who calls, as the server shows it. Empty: "pid@host". At most 1000 bytes.
  std::string identity{};
  /// Turns values into payloads and back. Runs on the calling thread for client calls.
  DataConverter converter{};
  /// Bounds one call with all its retries, for example a start; not the wait for a result, which has its own. More than
  /// zero, at most an hour.
  std::chrono::milliseconds call_timeout{10'000};
  /// See every call of this client, the first one outermost. No null pointers.
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors{};
};

/// Checks every field and names the first bad one; no I/O. kInvalidArgument on failure.
LONGBEAT_EXPORT Result<> validate(const ClientOptions& options);

/// When and how often a failed attempt is followed by another one. A field that is not set takes the server's default.
struct RetryPolicy {
  /// Pause before the second attempt. Default 1 s. More than zero when set.
  std::optional<std::chrono::nanoseconds> initial_interval{};
  /// Each pause is so many times the one before. Default 2. At least 1 when set.
  std::optional<double> backoff_coefficient{};
  /// No pause is longer. Default 100 times initial_interval. At least initial_interval when both are set.
  std::optional<std::chrono::nanoseconds> maximum_interval{};
  /// Most attempts, the first included; 1 means no retry. Default: no limit but schedule_to_close_timeout. At least 1
  /// when set.
  std::optional<std::int32_t> maximum_attempts{};
  /// Failures of these types (Failure::type) are not retried. No empty names.
  std::vector<std::string> non_retryable_error_types{};
};

/// Which of the waiting activities of a task queue goes first.
struct Priority {
  /// 1 to 5, 1 first. Default 3.
  std::optional<std::int32_t> priority_key{};
  /// Activities with different keys take turns, so that one tenant's backlog does not starve another. At most 64 bytes.
  std::string fairness_key{};
  /// Share of this key against the others. Default 1. From 0.001 to 1000 when set.
  std::optional<float> fairness_weight{};
};

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
  /// The first attempt is not handed out before this time has passed.
  std::optional<std::chrono::nanoseconds> start_delay{};
  /// Not set: the server's default policy, which retries without limit of attempts.
  std::optional<RetryPolicy> retry_policy{};
  std::optional<Priority> priority{};
  std::optional<IdReusePolicy> id_reuse_policy{};
  std::optional<IdConflictPolicy> id_conflict_policy{};
  /// One line for people, shown by tools beside the activity.
  std::string summary{};
};

/// Checks every field and names the first bad one; no I/O. kInvalidArgument on failure. The server checks again and
/// knows limits of its own.
LONGBEAT_EXPORT Result<> validate(const StartOptions& options);

LONGBEAT_END
