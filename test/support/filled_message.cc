#include "support/filled_message.h"

#include <google/protobuf/descriptor.h>

#include "support/catch.h"

namespace longbeat::test {

namespace pb = google::protobuf;

namespace {

constexpr int kDepthMax = 4;  // Failures and links nest without end.

bool is_time(const pb::Descriptor& type) {
  return type.full_name() == "google.protobuf.Timestamp" || type.full_name() == "google.protobuf.Duration";
}

void set_seconds(pb::Message& time, int seconds) {
  time.GetReflection()->SetInt64(&time, time.GetDescriptor()->FindFieldByName("seconds"), seconds);
}

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
      // Zero would count as unset; of some enums we name no other value.
      const int value = type.value_count() > 1 ? type.value(1)->number() : 1;
      return many ? how.AddEnumValue(&message, &field, value) : how.SetEnumValue(&message, &field, value);
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth < kDepthMax) {
        auto& inside = many ? *how.AddMessage(&message, &field) : *how.MutableMessage(&message, &field);
        fill(inside, depth + 1);
        if (is_time(*field.message_type())) set_seconds(inside, field.number());
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

void set_enums_to_unknown(pb::Message& message, int number) {
  const pb::Reflection& how = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  how.ListFields(message, &fields);
  for (const auto* field : fields) {
    const int size = field->is_repeated() ? how.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
        field->is_repeated() ? how.SetRepeatedEnumValue(&message, field, i, number)
                             : how.SetEnumValue(&message, field, number);
      } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        set_enums_to_unknown(field->is_repeated() ? *how.MutableRepeatedMessage(&message, field, i)
                                                  : *how.MutableMessage(&message, field),
                             number);
      }
    }
  }
}

std::vector<std::string> unset_fields(const pb::Message& message) {
  const pb::Reflection& how = *message.GetReflection();
  const pb::Descriptor& type = *message.GetDescriptor();
  std::vector<std::string> unset;
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const std::string name(field.name());
    const bool is_message = field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    if (const auto* oneof = field.containing_oneof(); oneof != nullptr && how.HasOneof(message, oneof)) {
      if (how.GetOneofFieldDescriptor(message, oneof) != &field) continue;
    } else if (field.is_repeated() ? how.FieldSize(message, &field) == 0 : !how.HasField(message, &field)) {
      unset.push_back(name);
      continue;
    }
    if (!is_message || field.is_map()) continue;
    const auto& inside =
        field.is_repeated() ? how.GetRepeatedMessage(message, &field, 0) : how.GetMessage(message, &field);
    for (const auto& path : unset_fields(inside)) unset.push_back(name + "." + path);
  }
  return unset;
}

}  // namespace longbeat::test
