#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/service_stub.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// What a server with standard settings takes in one payload field (protocol.md §2.15).
inline constexpr std::size_t kPayloadBytesMax = 2 * 1024 * 1024;
/// What every server takes: nobody needs to be asked.
inline constexpr std::size_t kPayloadBytesSmall = 16 * 1024;
/// A summary is one line, details are one page, each as one whole payload. The same on every server.
inline constexpr std::size_t kSummaryBytesMax = 400, kUserDetailsBytesMax = 20'000;

/// How much one payload field may have in a client's namespace. Asked of the server once, by the first call for which
/// it matters. Loop only; may be destroyed anywhere once the loop does not use it. Made by std::make_shared.
class PayloadLimit : public std::enable_shared_from_this<PayloadLimit> {
 public:
  /// `then` runs on the loop: at once when the answer is known or `bytes` are few, else when the server has answered,
  /// or has not within `timeout`. A server that does not tell counts as one with standard settings; one that could not
  /// be reached is asked again by the next call. `then` is dropped when the stub drops the
  /// question.
  void learn(ServiceStub& stub, const std::string& namespace_name, std::size_t bytes, Nanoseconds timeout,
             std::function<void(std::size_t bytes_max)> then);

 private:
  using Waiting = std::vector<std::function<void(std::size_t)>>;

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
