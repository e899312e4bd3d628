#include "simulation/attribute_text.h"

namespace longbeat::simulation {
namespace {

/// One length-delimited field of a protobuf message; everything here is shorter than 128 bytes.
std::string field(char number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

std::string entry(const std::string& key, const std::string& value) {
  return field(1, key) + field(2, value);
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string json_of(const FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  std::string list;
  for (const auto& one : std::get<std::vector<std::string>>(value)) list += (list.empty() ? "" : ",") + quoted(one);
  return "[" + list + "]";
}

}  // namespace

void put_attribute(server::StartRequest& request, const std::string& name, const FieldValue& value) {
  const std::string json = json_of(value);
  request.attributes.push_back({name, {}, json});
  request.search_attributes += field(1, entry(name, field(1, entry("encoding", "json/plain")) + field(2, json)));
}

}  // namespace longbeat::simulation
