#include "unit/server_rpc/filled.h"

#include <google/protobuf/descriptor.h>

namespace longbeat::test {

namespace pb = google::protobuf;

namespace {

constexpr int kDepthMax = 4;  // Failures and links nest without end.

/// Sets one field, or adds one element to it.
void fill_field(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
  const pb::Reflection& how = *message.GetReflection();
  const bool many = field.is_repeated();
  const std::string name(field.name());
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return many ? how.AddString(&message, &field, name) : how.SetString(&message, &field, name);
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return many ? how.AddInt32(&message, &field, field.number()) : how.SetInt32(&message, &field, field.number());
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return many ? how.AddInt64(&message, &field, field.number()) : how.SetInt64(&message, &field, field.number());
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return how.SetFloat(&message, &field, static_cast<float>(field.number()));
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return how.SetDouble(&message, &field, field.number());
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return how.SetBool(&message, &field, true);
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      const auto& type = *field.enum_type();
      const int value = type.value(type.value_count() > 1 ? 1 : 0)->number();
      return many ? how.AddEnumValue(&message, &field, value) : how.SetEnumValue(&message, &field, value);
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth < kDepthMax) {
        fill(many ? *how.AddMessage(&message, &field) : *how.MutableMessage(&message, &field), depth + 1);
      }
      return;
    default:
      FAIL("a field of a type that was never needed: " << name);
  }
}

}  // namespace

void fill(pb::Message& message, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const auto* oneof = field.containing_oneof();
    if (oneof == nullptr || oneof->field(0) == &field) fill_field(message, field, depth);
  }
}

const server::Rpc& row(const std::string& method) {
  const server::Rpc* rpc = server::find_rpc(method);
  INFO(method);
  REQUIRE(rpc != nullptr);
  return *rpc;
}

std::optional<server::Request> decode(const server::Rpc& rpc, const std::string& bytes) {
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer buffer(&slice, 1);
  server::Scratch scratch;
  const std::function<std::string(const char*)> header = [](const char* name) { return std::string(name); };
  return rpc.decode({buffer, scratch, header});
}

}  // namespace longbeat::test
