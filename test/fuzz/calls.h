#pragma once
#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/dispatch_table.h"

/// A fuzz input: calls of one server, one after the other.
namespace longbeat::server::test {

/// One call, as the bytes of an input tell it.
struct FuzzCall {
  std::uint8_t row = 0;       ///< into all_rpcs(), modulo its size
  std::uint8_t pause = 0;     ///< into kPauses, modulo its size: time that passes before the call
  std::uint8_t patience = 0;  ///< into kPatiences, likewise
  std::string bytes{};        ///< of the request
};

/// [row][pause][patience][length, 3 bytes, little-endian][bytes], again and again; what does not fit any more is left
/// out, so every input is one.
std::vector<FuzzCall> read_calls(std::string_view input);
std::string write_calls(std::span<const FuzzCall> calls);

const Rpc& row_of(const FuzzCall& call);
/// Time that passes before the call.
Duration pause_of(const FuzzCall& call);
/// How long its caller waits; nothing: no deadline.
std::optional<Duration> patience_of(const FuzzCall& call);

/// An empty request or response of a row.
std::unique_ptr<google::protobuf::Message> request_of(const Rpc& rpc);
std::unique_ptr<google::protobuf::Message> response_of(const Rpc& rpc);

}  // namespace longbeat::server::test
