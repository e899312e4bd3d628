// Compares every message, enum and service we declare with expected_fields.txt, in both directions. A wrong number or
// type would otherwise show only as a field that silently stays empty between us and a foreign server.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "support/catch.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/namespace/v1/message.pb.h"
#include "temporal/api/nexusservices/workerservice/v1/request_response.pb.h"
#include "temporal/api/operatorservice/v1/request_response.pb.h"
#include "temporal/api/operatorservice/v1/service.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "temporal/api/workflowservice/v1/service.pb.h"

namespace {

namespace pb = google::protobuf;

/// Name of a declaration to what the table says of it, for one kind of line.
using Table = std::map<std::string, std::string>;

/// The lines of expected_fields.txt that begin with `kind`.
Table expected(const std::string& kind) {
  std::ifstream file(LONGBEAT_EXPECTED_FIELDS);
  Table table;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(kind + " ", 0) != 0) continue;
    const auto start = kind.size() + 1;
    const auto colon = line.find(':');
    const auto content = std::min(colon + 2, line.size());  // A message without fields ends with the colon.
    table.emplace(line.substr(start, colon - start), line.substr(content));
  }
  return table;
}

/// All files we generate. The last two hold services only: nothing else refers to them, and a static link would leave
/// them out.
std::vector<const pb::FileDescriptor*> files() {
  std::vector<const pb::FileDescriptor*> todo{
      temporal::api::workflowservice::v1::StartActivityExecutionRequest::descriptor()->file(),
      temporal::api::operatorservice::v1::ListSearchAttributesRequest::descriptor()->file(),
      temporal::api::errordetails::v1::NotFoundFailure::descriptor()->file(),
      temporal::api::nexusservices::workerservice::v1::ExecuteCommandsRequest::descriptor()->file(),
      google::rpc::Status::descriptor()->file(),
      grpc::health::v1::HealthCheckRequest::descriptor()->file(),
      pb::DescriptorPool::generated_pool()->FindFileByName(
          descriptor_table_temporal_2fapi_2fworkflowservice_2fv1_2fservice_2eproto.filename),
      pb::DescriptorPool::generated_pool()->FindFileByName(
          descriptor_table_temporal_2fapi_2foperatorservice_2fv1_2fservice_2eproto.filename)};
  std::vector<const pb::FileDescriptor*> found;
  std::set<const pb::FileDescriptor*> seen;
  while (!todo.empty()) {
    const auto* file = todo.back();
    todo.pop_back();
    if (std::string(file->package()) == "google.protobuf" || !seen.insert(file).second) continue;
    found.push_back(file);
    for (int i = 0; i < file->dependency_count(); ++i) todo.push_back(file->dependency(i));
  }
  return found;
}

/// temporal.api.common.v1.Payload -> common.Payload, google.protobuf.Duration -> Duration.
template <class Descriptor>
std::string short_name(const Descriptor& descriptor) {
  std::string name(descriptor.full_name());
  for (const std::string& prefix : std::vector<std::string>{"temporal.api.", "google.protobuf."}) {
    if (name.rfind(prefix, 0) == 0) name.erase(0, prefix.size());
  }
  if (const auto version = name.find(".v1."); version != std::string::npos) name.erase(version, 3);
  return name;
}

std::string type_of(const pb::FieldDescriptor& field) {
  if (field.is_map()) {
    const auto& entry = *field.message_type();
    return "map<" + type_of(*entry.FindFieldByNumber(1)) + "," + type_of(*entry.FindFieldByNumber(2)) + ">";
  }
  if (field.message_type() != nullptr) return short_name(*field.message_type());
  if (field.enum_type() != nullptr) return short_name(*field.enum_type());
  return std::string(field.type_name());
}

std::string describe(const pb::FieldDescriptor& field) {
  auto text = std::to_string(field.number()) + " " + std::string(field.name()) + " ";
  if (field.is_repeated() && !field.is_map()) text += "rep ";
  text += type_of(field);
  if (field.options().deprecated()) text += " dep";
  if (const auto* oneof = field.real_containing_oneof()) text += " [oneof " + std::string(oneof->name()) + "]";
  return text;
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

std::string describe(const pb::Descriptor& message) {
  std::map<int, std::string> by_number;
  for (int i = 0; i < message.field_count(); ++i) {
    by_number.emplace(message.field(i)->number(), describe(*message.field(i)));
  }
  std::vector<std::string> fields;
  for (const auto& [number, text] : by_number) fields.push_back(text);
  return joined(fields, "; ");
}

/// RetryState -> RETRY_STATE_
std::string value_prefix(const pb::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : std::string(type.name())) {
    if (std::isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return prefix + "_";
}

std::string describe(const pb::EnumDescriptor& type) {
  std::vector<std::string> values;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    std::string name(value.name());
    const auto prefix = value_prefix(type);
    // A name without the prefix stays as it is, which the table will not match.
    if (name.rfind(prefix, 0) == 0) name.erase(0, prefix.size());
    if (value.number() == 0 && name == "UNSPECIFIED") continue;
    values.push_back(std::to_string(value.number()) + " " + name);
  }
  return joined(values, ", ");
}

std::string describe(const pb::ServiceDescriptor& service) {
  std::vector<std::string> names;
  for (int i = 0; i < service.method_count(); ++i) names.emplace_back(service.method(i)->name());
  std::sort(names.begin(), names.end());
  return joined(names, ", ");
}

void add_nested(const pb::Descriptor& message, Table& messages, Table& enums) {
  if (message.options().map_entry()) return;
  messages.emplace(short_name(message), describe(message));
  for (int i = 0; i < message.enum_type_count(); ++i) {
    enums.emplace(short_name(*message.enum_type(i)), describe(*message.enum_type(i)));
  }
  for (int i = 0; i < message.nested_type_count(); ++i) add_nested(*message.nested_type(i), messages, enums);
}

struct Declared {
  Table messages, enums, services;
};

Declared declared() {
  Declared all;
  for (const auto* file : files()) {
    for (int i = 0; i < file->message_type_count(); ++i) add_nested(*file->message_type(i), all.messages, all.enums);
    for (int i = 0; i < file->enum_type_count(); ++i) {
      all.enums.emplace(short_name(*file->enum_type(i)), describe(*file->enum_type(i)));
    }
    for (int i = 0; i < file->service_count(); ++i) {
      all.services.emplace(short_name(*file->service(i)), describe(*file->service(i)));
    }
  }
  return all;
}

/// One check per name on either side, so that a failure prints just the two lines that differ.
void check_same(const Table& ours, const Table& table) {
  REQUIRE_FALSE(table.empty());
  for (const auto& [name, text] : table) {
    INFO(name << " is in the table");
    const auto found = ours.find(name);
    CHECK(found != ours.end());
    if (found != ours.end()) CHECK(found->second == text);
  }
  for (const auto& [name, text] : ours) {
    INFO(name << " is declared in proto/");
    CHECK(table.count(name) == 1);
  }
}

}  // namespace

TEST_CASE("every message has the fields of the protocol, and there is no other message", "[unit][proto]") {
  check_same(declared().messages, expected("message"));
}

TEST_CASE("every enum has the values of the protocol", "[unit][proto]") {
  check_same(declared().enums, expected("enum"));
}

TEST_CASE("the services have the calls of the protocol", "[unit][proto]") {
  check_same(declared().services, expected("service"));
}

TEST_CASE("a call takes the request and gives the response that are named after it", "[unit][proto]") {
  for (const auto* file : files()) {
    if (std::string(file->package()).rfind("temporal.api.", 0) != 0) continue;
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const auto& method = *file->service(i)->method(j);
        const std::string name(method.name());
        CAPTURE(name);
        CHECK(std::string(method.input_type()->name()) == name + "Request");
        CHECK(std::string(method.output_type()->name()) == name + "Response");
        CHECK_FALSE(method.client_streaming());
        CHECK_FALSE(method.server_streaming());
      }
    }
  }
}

TEST_CASE("the namespace package keeps its name on the wire although C++ cannot spell it", "[unit][proto]") {
  const auto* message = temporal::api::namespace_::v1::NamespaceInfo::descriptor();
  CHECK(std::string(message->full_name()) == "temporal.api.namespace.v1.NamespaceInfo");
}
