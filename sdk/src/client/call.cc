#include "client/call.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "base/log.h"
#include "base/random.h"

namespace longbeat::internal {
namespace {

/// As good as no limit, and it can still be added to the time.
constexpr auto kLongestCall = std::chrono::hours(24 * 365 * 10);

/// "activity 'a' (run r)", "a token's attempt", "task queue 'q'" or nothing.
std::string subject(const ClientCallParams& params) {
  if (!params.activity_id.empty())
    return " activity '" + params.activity_id + "'" + (params.run_id.empty() ? "" : " (run " + params.run_id + ")");
  if (params.operation.starts_with("Respond") || params.operation.starts_with("Record")) return " a token's attempt";
  return params.task_queue.empty() ? "" : " task queue '" + params.task_queue + "'";
}

Error thrown_by_interceptor(const std::string& what) {
  return {ErrorCode::kInternal, "a ClientInterceptor threw: " + what, {}, {}};
}

Result<ClientInterceptor::CallEnded> ask(ClientInterceptor& interceptor, ClientCallParams& params) {
  try {
    return interceptor.call(params);
  } catch (const std::exception& error) {
    return thrown_by_interceptor(error.what());
  } catch (...) {
    return thrown_by_interceptor("something that is not a std::exception");
  }
}

void tell(const ClientInterceptor::CallEnded& ended, const Result<>& result) {
  try {
    ended(result);
  } catch (const std::exception& error) {
    log(LogLevel::kError, std::string("what a ClientInterceptor returned threw: ") + error.what());
  } catch (...) {
    log(LogLevel::kError, "what a ClientInterceptor returned threw something that is not a std::exception");
  }
}

}  // namespace

BegunCall begin_call(const ClientCore& core, ClientCallParams params, const CallOptions& options, const char* operation,
                     Result<> valid) {
  BegunCall begun;
  begun.params = std::move(params);
  begun.timeout = std::min<Nanoseconds>(options.timeout.value_or(core.call_timeout), kLongestCall);
  begun.stop_token = options.stop_token;
  const auto name = [&] { begun.what = operation + subject(begun.params) + " at " + core.address; };
  name();
  if (!valid) {
    begun.refused = std::move(valid).error();
  } else if (options.stop_token.stop_requested()) {
    begun.refused = Error{ErrorCode::kCanceled, begun.what + ": it was given up before it began", {}, {}};
  } else if (begun.timeout <= Nanoseconds(0)) {
    begun.refused = Error{ErrorCode::kDeadlineExceeded, begun.what + ": there was no time for it", {}, {}};
  }
  for (std::size_t i = 0; i < core.interceptors.size() && !begun.refused; ++i) {
    auto ended = ask(*core.interceptors[i], begun.params);
    if (!ended) {
      begun.refused = std::move(ended).error();
    } else if (*ended) {
      begun.ends.push_back(*std::move(ended));
    }
  }
  name();  // They may have changed the subject.
  return begun;
}

std::optional<TimePoint> deadline_after(TimePoint now, const std::optional<Nanoseconds>& timeout) {
  if (!timeout || *timeout >= TimePoint::max() - now) return std::nullopt;
  return now + *timeout;
}

void end_call(ClientCounters& counters, const CallEnds& ends, const Result<>& result) {
  counters.calls.fetch_add(1, std::memory_order_relaxed);
  if (!result) counters.failed_calls.fetch_add(1, std::memory_order_relaxed);
  for (auto ended = ends.rbegin(); ended != ends.rend(); ++ended) tell(*ended, result);
}

Error canceled_error(const std::string& what) {
  return {ErrorCode::kCanceled, what + ": the client was closed", {}, {}};
}

std::string request_id_or_new(const std::string& given) {
  if (!given.empty()) return given;
  Random random(entropy());
  return to_string(make_uuid(random));
}

}  // namespace longbeat::internal
