#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "machine/activity_state.h"

/// Stored messages of the protocol for people and other programs, without protobuf in this header.
namespace longbeat::server {

struct ReadablePayload {
  std::map<std::string, std::string> metadata{};
  std::string data{};
};
/// Serialised common.Payloads; nothing when the bytes are none.
std::optional<std::vector<ReadablePayload>> read_payloads(std::string_view bytes);

struct ReadableFailure {
  std::string message{}, source{}, stack_trace{};
  std::string kind{};  ///< "application", "timeout", "canceled", "terminated", "server", or "other"
  std::string type{};  ///< application: its error type; timeout: which one
  bool non_retryable = false;
  std::vector<ReadablePayload> details{};  ///< for a timeout: the last heartbeat's
  std::vector<ReadableFailure> cause{};    ///< none or one
  std::string bytes{};                     ///< the whole, as a serialised failure.Failure; of the outermost only
};
/// Nothing when the stored bytes are no failure.
std::optional<ReadableFailure> read_failure(const StoredFailure& stored);

}  // namespace longbeat::server
