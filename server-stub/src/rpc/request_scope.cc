#include "rpc/request_scope.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>

#include "rpc/wire.h"

namespace longbeat::server {

namespace pb = google::protobuf;

std::string_view namespace_of(const Request& request) {
  return std::visit(
      [](const auto& one) -> std::string_view {
        if constexpr (requires { one.run.namespace_name; }) {
          return one.run.namespace_name;
        } else if constexpr (requires { one.namespace_name; }) {
          return one.namespace_name;
        } else {
          return {};
        }
      },
      request);
}

std::optional<std::string> namespace_of(const Rpc& rpc, const grpc::ByteBuffer& bytes) {
  std::string name(rpc.method.substr(1));
  name[name.find('/')] = '.';
  const auto* method = pb::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (method == nullptr) return std::nullopt;
  const auto* field = method->input_type()->FindFieldByName(std::string(rpc.namespace_field));
  const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(method->input_type());
  if (field == nullptr || prototype == nullptr) return std::nullopt;
  const std::unique_ptr<pb::Message> message(prototype->New());
  if (!parse(bytes, *message)) return std::nullopt;
  return message->GetReflection()->GetString(*message, field);
}

}  // namespace longbeat::server
