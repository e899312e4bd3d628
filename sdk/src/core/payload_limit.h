#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "core/service_stub.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// What a server with standard settings takes in one payload field (protocol.md §2.15).
inline constexpr std::size_t kPayloadBytesMax = 2 * 1024 * 1024;
/// What every server takes, the least that limits.payload_bytes_max may be: nobody needs to be asked.
inline constexpr std::size_t kPayloadBytesSmall = 1024;
/// A summary is one line, details are one page, each as one whole payload. What a server with standard settings takes
/// (limits.summary_bytes_max, limits.details_bytes_max); none tells its own.
inline constexpr std::size_t kSummaryBytesMax = 400, kUserDetailsBytesMax = 20'000;

/// How much one payload field may have in a client's namespace. Asked of the server once, by the first call for which
/// it matters. Loop only; may be destroyed anywhere once the loop does not use it. Made by std::make_shared.
class PayloadLimit : public std::enable_shared_from_this<PayloadLimit> {
 public:
  /// `then` runs on the loop: at once when the answer is known or `bytes` are few, else when the server has answered,
  /// and after `timeout` at the latest. A server that does not tell counts as one with standard settings; so does one
  /// that has not answered in time, or not properly, but the next call asks it again. `then` is dropped when the stub
  /// drops the question.
  void learn(Loop& loop, ServiceStub& stub, const std::string& namespace_name, std::size_t bytes, Nanoseconds timeout,
             std::function<void(std::size_t bytes_max)> then);

 private:
  struct Waiter {
    std::function<void(std::size_t)> then{};
    TimerId timer = 0;

    void go_on(std::size_t bytes_max);
  };
  using Waiting = std::vector<std::shared_ptr<Waiter>>;

  std::size_t learn_from(const StatusOr<NamespaceInfo>& answer);

  std::optional<std::size_t> bytes_max_{};
  /// Belongs to the question that is on its way: who waits goes with it when the connection closes.
  std::weak_ptr<Waiting> waiting_{};
};

/// kInvalidArgument: "input has 3000000 bytes, the namespace takes 2097152". `bytes` as wire_size() counts them.
Result<> check_size(const char* field, std::size_t bytes, std::size_t bytes_max);
/// Input, summary and details of a start, after encode().
Result<> check_sizes(const StartActivityParams& params, std::size_t payload_bytes_max);

}  // namespace longbeat::internal
