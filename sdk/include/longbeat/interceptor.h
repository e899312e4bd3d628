#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

class ActivityContext;
struct Failure;

/// What runs one attempt.
struct ExecuteActivityParams {
  /// Tells all about the attempt; info().header is what the caller's interceptors sent. What attach() puts into it, the
  /// activity finds with attached().
  ActivityContext& context;
  /// The arguments as they came, codecs undone. What next is given is what the activity gets.
  Payloads input{};
};

/// How an attempt ended.
enum class AttemptEndKind : std::int8_t {
  kCompleted,
  kFailed,      ///< See AttemptEnd::failure. Whether another attempt follows is the server's decision.
  kCanceled,    ///< It stopped because somebody had asked for its cancellation.
  kHandedOver,  ///< It returned after complete_later(): somebody else reports.
  kAbandoned,   ///< Nothing it did can count any more, and nothing is reported: its lease, its time or its worker is
                ///< over.
};
/// "completed", "handed over" and so on.
LONGBEAT_EXPORT std::string_view to_string(AttemptEndKind kind) noexcept;

/// How an attempt ended, as far as its code is concerned. What comes after is not known yet: the worker may have to
/// report a failure in place of a result that is too large or that a codec refuses, and the server has its say too.
struct AttemptEnd {
  AttemptEndKind kind = AttemptEndKind::kCompleted;
  /// What the activity threw or returned as an error, as its caller will see it. Null unless kind is kFailed. Dies with
  /// the call.
  const Failure* failure = nullptr;
};

/// Stands around every attempt of a worker, for example for tracing. The first of the list is the outermost. Must be
/// thread-safe: attempts run at the same time. A worker's heartbeats pass no interceptor: they are throttled, most
/// never leave.
class LONGBEAT_EXPORT WorkerInterceptor {
 public:
  using Next = std::function<Payloads(ExecuteActivityParams)>;

  virtual ~WorkerInterceptor() = default;
  /// Runs on the activity's thread, so that what it keeps in thread_local variables is there in the activity and in the
  /// client calls it makes. Returns the encoded result. Calls next once, or not at all to refuse the attempt; next
  /// throws what the activity threw (a std::exception when it returned an error). What this throws fails the attempt as
  /// if the activity had thrown it.
  virtual Payloads execute_activity(ExecuteActivityParams params, const Next& next) { return next(std::move(params)); }
  /// Told once for each attempt that was given to a thread, also when no such activity is registered: on that thread,
  /// after execute_activity has returned, the innermost interceptor first. For counting and logging; what it throws is
  /// logged.
  virtual void attempt_ended(ActivityContext& context, const AttemptEnd& end) {
    static_cast<void>(context);
    static_cast<void>(end);
  }
};

/// One call of a client, as its interceptors see and may change it.
struct ClientCallParams {
  /// The RPC's name in the protocol, for example "StartActivityExecution".
  std::string operation{};
  /// Empty for calls that are not about one activity.
  std::string activity_id{};
  /// Empty: the latest run, or not known yet.
  std::string run_id{};
  /// Only for a start; task_queue also for its description.
  std::string activity_type{};
  std::string task_queue{};
  Payloads input{};
  /// Reaches the worker, and the interceptors there.
  std::map<std::string, Payload> header{};
};

/// Stands around every call of a client, blocking or not, for example for tracing. The first of the list is the
/// outermost. Must be thread-safe.
class LONGBEAT_EXPORT ClientInterceptor {
 public:
  /// Told once how the call ended. May be empty.
  using CallEnded = std::function<void(const Result<>& result)>;

  virtual ~ClientInterceptor() = default;
  /// Sees the call before it is sent, on the thread that makes it, and may change it. Returns what runs when the call
  /// has ended: in the thread that waits for it, or where Pending delivers. An error refuses the call; the interceptors
  /// before this one are told. What either throws is an error of the call, or logged. A call that pages or watches is
  /// seen once for each request of its own, retries not counted. Three calls are seen on other threads: the wait of
  /// execute_async() where its start was delivered, and on threads of the SDK the throttled heartbeats of an
  /// AsyncActivity, each time one is about to be sent, and the report of a LateCompletion that was lost.
  virtual Result<CallEnded> call(ClientCallParams& params) {
    static_cast<void>(params);
    return CallEnded();
  }
};

LONGBEAT_END
