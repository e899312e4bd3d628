#include "fuzz/calls.h"

#include <google/protobuf/descriptor.h>
#include <grpc/health/v1/health.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <grpc/reflection/v1alpha/reflection.pb.h>
#include <temporal/api/operatorservice/v1/service.pb.h>
#include <temporal/api/workflowservice/v1/service.pb.h>

#include <array>
#include <stdexcept>

namespace longbeat::server::test {

namespace pb = google::protobuf;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kHeadBytes = 6;
constexpr std::array<Duration, 10> kPauses{0ms, 0ms, 0ms, 1ms, 100ms, 1s, 10s, 61s, 1h, 48h};
constexpr std::array<std::optional<Duration>, 6> kPatiences{70s, 30s, 3s, 1s, -1s, std::nullopt};

const pb::MethodDescriptor& method_of(const Rpc& rpc) {
  // Out of a static library only what is named is linked: one word for each file with a service.
  static const auto* const kPool = [] {
    temporal::api::operatorservice::v1::OperatorService::descriptor();
    grpc::health::v1::HealthCheckRequest::descriptor();
    grpc::reflection::v1::ServerReflectionRequest::descriptor();
    grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
    return temporal::api::workflowservice::v1::WorkflowService::descriptor()->file()->pool();
  }();
  std::string name(rpc.method.substr(1));
  name.replace(name.rfind('/'), 1, ".");
  const auto* method = kPool->FindMethodByName(name);
  if (method == nullptr) throw std::logic_error("a row without a method in proto/: " + name);
  return *method;
}

std::unique_ptr<pb::Message> make(const pb::Descriptor* type) {
  return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

std::uint8_t byte_at(std::string_view input, std::size_t at) {
  return static_cast<std::uint8_t>(input[at]);
}

}  // namespace

std::vector<FuzzCall> read_calls(std::string_view input) {
  std::vector<FuzzCall> calls;
  while (input.size() >= kHeadBytes) {
    const std::size_t length =
        byte_at(input, 3) | std::size_t{byte_at(input, 4)} << 8 | std::size_t{byte_at(input, 5)} << 16;
    const std::size_t rest = input.size() - kHeadBytes;
    calls.push_back({byte_at(input, 0), byte_at(input, 1), byte_at(input, 2),
                     std::string(input.substr(kHeadBytes, std::min(length, rest)))});
    input.remove_prefix(kHeadBytes + std::min(length, rest));
  }
  return calls;
}

std::string write_calls(std::span<const FuzzCall> calls) {
  std::string out;
  for (const FuzzCall& call : calls) {
    const std::size_t length = call.bytes.size();
    for (const std::size_t byte : {std::size_t{call.row}, std::size_t{call.pause}, std::size_t{call.patience},
                                   length & 0xff, length >> 8 & 0xff, length >> 16 & 0xff}) {
      out += static_cast<char>(byte);
    }
    out += call.bytes;
  }
  return out;
}

const Rpc& row_of(const FuzzCall& call) {
  const auto rows = all_rpcs();
  return rows[call.row % rows.size()];
}

Duration pause_of(const FuzzCall& call) {
  return kPauses[call.pause % kPauses.size()];
}

std::optional<Duration> patience_of(const FuzzCall& call) {
  return kPatiences[call.patience % kPatiences.size()];
}

std::unique_ptr<pb::Message> request_of(const Rpc& rpc) {
  return make(method_of(rpc).input_type());
}

std::unique_ptr<pb::Message> response_of(const Rpc& rpc) {
  return make(method_of(rpc).output_type());
}

}  // namespace longbeat::server::test
