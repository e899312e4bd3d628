#pragma once
#include <functional>
#include <map>
#include <string>

#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

class ActivityContext;

/// What runs one attempt: its context, its arguments as they came, and the header its caller sent.
struct ExecuteActivityParams {
  ActivityContext& context;
  Payloads input{};
};

/// Stands around every attempt of a worker, for example for tracing. The first of the list is the outermost. Must be
/// thread-safe: attempts run at the same time.
class LONGBEAT_EXPORT WorkerInterceptor {
 public:
  using Next = std::function<Payloads(ExecuteActivityParams)>;

  virtual ~WorkerInterceptor() = default;
  /// Runs on the activity's thread. Returns the encoded result; what it throws fails the attempt as if the activity had
  /// thrown. Calls next once, or not at all to refuse the attempt.
  virtual Payloads execute_activity(ExecuteActivityParams params, const Next& next) { return next(std::move(params)); }
};

/// One call of a client, as its interceptors see and may change it.
struct ClientCallParams {
  /// The RPC's name in the protocol, for example "StartActivityExecution".
  std::string operation{};
  std::string activity_id{};
  /// Empty: the latest run, or not known yet.
  std::string run_id{};
  /// Only for a start.
  std::string activity_type{};
  std::string task_queue{};
  Payloads input{};
  std::map<std::string, Payload> header{};
};

/// Stands around every call of a client. The first of the list is the outermost. Must be thread-safe.
class LONGBEAT_EXPORT ClientInterceptor {
 public:
  using Next = std::function<Result<>(ClientCallParams)>;

  virtual ~ClientInterceptor() = default;
  /// Runs on the calling thread and returns how the call ended. Calls next once, or not at all to refuse the call with
  /// an error of its own.
  virtual Result<> call(ClientCallParams params, const Next& next) { return next(std::move(params)); }
};

LONGBEAT_END
