#include <temporal/api/operatorservice/v1/request_response.pb.h>

#include "conformance/operations.h"

using namespace longbeat::test;
namespace operators = temporal::api::operatorservice::v1;

namespace {

grpc::Status add(const Conformance& t, const std::string& name, enums::IndexedValueType type) {
  operators::AddSearchAttributesRequest request;
  request.set_namespace_("default");
  (*request.mutable_search_attributes())[name] = type;
  operators::AddSearchAttributesResponse response;
  return operate(t, "AddSearchAttributes", request, &response);
}

/// It may be gone already.
grpc::Status remove(const Conformance& t, const std::string& name) {
  operators::RemoveSearchAttributesRequest request;
  request.set_namespace_("default");
  request.add_search_attributes(name);
  operators::RemoveSearchAttributesResponse response;
  return operate(t, "RemoveSearchAttributes", request, &response);
}

/// Registered for one test: there is room for a few of each type.
class Registered {
 public:
  Registered(const Conformance& t, std::string name, enums::IndexedValueType type) : t_(t), name_(std::move(name)) {
    REQUIRE(add(t_, name_, type).ok());
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() { remove(t_, name_); }

 private:
  const Conformance& t_;
  std::string name_;
};

operators::ListSearchAttributesResponse attributes(const Conformance& t) {
  operators::ListSearchAttributesRequest request;
  request.set_namespace_("default");
  operators::ListSearchAttributesResponse response;
  REQUIRE(operate(t, "ListSearchAttributes", request, &response).ok());
  return response;
}

void set(service::StartActivityExecutionRequest& request, const std::string& name, const std::string& json,
         const std::string& type) {
  auto& value = (*request.mutable_search_attributes()->mutable_indexed_fields())[name];
  (*value.mutable_metadata())["encoding"] = "json/plain";
  if (!type.empty()) (*value.mutable_metadata())["type"] = type;
  value.set_data(json);
}

std::int64_t count(const Conformance& t, const std::string& query) {
  service::CountActivityExecutionsRequest request;
  request.set_namespace_("default");
  request.set_query(query);
  return ask<service::CountActivityExecutionsResponse>(t, "CountActivityExecutions", request).count();
}

/// A name that no other run has used: letters and digits only.
std::string new_name(const std::string& prefix) {
  std::string name = unique(prefix);
  std::erase(name, '-');
  return name;
}

}  // namespace

TEST_CASE("the system's search attributes are listed with their types", "[conformance][attributes]") {
  Conformance t;
  const auto system = attributes(t).system_attributes();
  std::vector<std::string> keywords{"RunId", "ExecutionStatus", "TaskQueue"};
  // Temporal's has them too, yet lists them nowhere.
  if (own_server()) keywords.insert(keywords.end(), {"ActivityId", "ActivityType"});
  for (const std::string& name : keywords) {
    CAPTURE(name);
    REQUIRE(system.contains(name));
    CHECK(system.at(name) == enums::INDEXED_VALUE_TYPE_KEYWORD);
  }
  for (const char* name : {"StartTime", "ExecutionTime", "CloseTime"}) {
    CAPTURE(name);
    REQUIRE(system.contains(name));
    CHECK(system.at(name) == enums::INDEXED_VALUE_TYPE_DATETIME);
  }
  for (const char* name : {"ExecutionDuration", "StateTransitionCount", "HistorySizeBytes"}) {
    CAPTURE(name);
    REQUIRE(system.contains(name));
    CHECK(system.at(name) == enums::INDEXED_VALUE_TYPE_INT);
  }
}

TEST_CASE("search attributes of one's own are registered, set, found and removed", "[conformance][attributes]") {
  Conformance t;
  const std::string color = new_name("Color"), size = new_name("Size"), tags = new_name("Tags"),
                    when = new_name("When");
  const Registered a(t, color, enums::INDEXED_VALUE_TYPE_KEYWORD), b(t, size, enums::INDEXED_VALUE_TYPE_INT),
      c(t, tags, enums::INDEXED_VALUE_TYPE_KEYWORD_LIST), d(t, when, enums::INDEXED_VALUE_TYPE_DATETIME);
  CHECK(attributes(t).custom_attributes().at(color) == enums::INDEXED_VALUE_TYPE_KEYWORD);

  const std::string id = started(t, [&](auto& r) {
    set(r, color, "\"red\"", "Keyword");
    set(r, size, "17", "INDEXED_VALUE_TYPE_INT");
    set(r, tags, "[\"a\",\"b\"]", "KeywordList");
    set(r, when, "\"2026-01-02T03:04:05Z\"", "");
  });
  CHECK(t.describe(id).info().search_attributes().indexed_fields().at(color).data() == "\"red\"");
  const std::string queue = "TaskQueue = '" + t.queue + "' AND ";
  CHECK(eventually([&] { return count(t, queue + color + " = 'red'") == 1; }));
  CHECK(count(t, queue + color + " = 'blue'") == 0);
  CHECK(count(t, queue + size + " BETWEEN 10 AND 20") == 1);
  CHECK(count(t, queue + tags + " = 'b'") == 1);
  CHECK(count(t, queue + tags + " = 'c'") == 0);
  CHECK(count(t, queue + when + " < '2026-02-01T00:00:00Z'") == 1);

  REQUIRE(remove(t, color).ok());
  CHECK_FALSE(attributes(t).custom_attributes().contains(color));
  service::CountActivityExecutionsRequest unknown;
  unknown.set_namespace_("default");
  unknown.set_query(color + " = 'red'");
  check_invalid(tell(t, "CountActivityExecutions", unknown));
  CHECK(remove(t, color).ok());  // What is not there is removed.
}

TEST_CASE("search attributes that make no sense are refused", "[conformance][attributes]") {
  Conformance t;
  const std::string size = new_name("Size");
  const Registered registered(t, size, enums::INDEXED_VALUE_TYPE_INT);
  const auto try_start = [&](const std::string& name, const std::string& json, const std::string& type) {
    auto request = t.start_request();
    set(request, name, json, type);
    return tell(t, "StartActivityExecution", request);
  };
  check_invalid(try_start(new_name("Nobody"), "1", "Int"));
  check_invalid(try_start(size, "\"large\"", "Int"));
  check_invalid(try_start(size, "{", "Int"));
  auto large = t.start_request();
  set(large, size, std::string(2'100, '1'), "Int");
  check_invalid(tell(t, "StartActivityExecution", large));
  auto many = t.start_request();
  for (int i = 0; i < 101; ++i) set(many, size + std::to_string(i), "1", "Int");
  check_invalid(tell(t, "StartActivityExecution", many));

  CHECK_FALSE(add(t, new_name("Odd"), static_cast<enums::IndexedValueType>(99)).ok());
  operators::ListSearchAttributesRequest nowhere;
  nowhere.set_namespace_("nowhere");
  operators::ListSearchAttributesResponse response;
  CHECK(operate(t, "ListSearchAttributes", nowhere, &response).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("a search attribute takes no name that is taken", "[conformance][attributes]") {
  if (!only_own_server("Temporal's takes it, and then finds nothing by ActivityId any more")) return;
  Conformance t;
  const std::string size = new_name("Size");
  const Registered registered(t, size, enums::INDEXED_VALUE_TYPE_INT);
  CHECK_FALSE(add(t, "ActivityId", enums::INDEXED_VALUE_TYPE_KEYWORD).ok());
  CHECK_FALSE(add(t, size, enums::INDEXED_VALUE_TYPE_KEYWORD).ok());
  CHECK_FALSE(add(t, "", enums::INDEXED_VALUE_TYPE_INT).ok());
}
