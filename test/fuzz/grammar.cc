#include "fuzz/grammar.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>
#include <limits>
#include <set>

namespace longbeat::server::test {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

namespace {

constexpr int kDepthMax = 6;  // Failures nest without end.

/// Rows that lead somewhere come more often.
std::uint8_t row_named(std::string_view name) {
  const auto rows = all_rpcs();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].method.substr(rows[i].method.rfind('/') + 1) == name) return static_cast<std::uint8_t>(i);
  }
  return 0;
}

template <class Number>
Number odd_number(std::size_t which) {
  using Limits = std::numeric_limits<Number>;
  if constexpr (std::is_floating_point_v<Number>) {
    constexpr std::array kOdd{-Limits::infinity(), Limits::infinity(), Limits::quiet_NaN(), Limits::max(),
                              Limits::lowest(),    Limits::min(),      Number(-1),          Number(0)};
    return kOdd[which % kOdd.size()];
  } else {
    constexpr std::array kOdd{Limits::min(), Limits::max(),       Number(-1),
                              Number(0),     Number(999'999'999), Number(1 << 30)};
    return kOdd[which % kOdd.size()];
  }
}

}  // namespace

std::vector<FuzzCall> Grammar::calls() {
  std::vector<FuzzCall> calls;
  if (chance(80)) {
    // Most calls need an activity, many one that runs.
    calls.push_back(call_of(row_named("StartActivityExecution"), 0));
    if (chance(70)) calls.push_back(call_of(row_named("PollActivityTaskQueue"), 0));
  }
  for (std::size_t i = 1 + below(20); i > 0; --i) calls.push_back(call());
  return calls;
}

FuzzCall Grammar::call() {
  static const std::array kUsual{
      row_named("StartActivityExecution"),       row_named("StartActivityExecution"),
      row_named("PollActivityTaskQueue"),        row_named("PollActivityTaskQueue"),
      row_named("RecordActivityTaskHeartbeat"),  row_named("RespondActivityTaskFailed"),
      row_named("RespondActivityTaskCompleted"), row_named("DescribeActivityExecution"),
      row_named("PauseActivityExecution"),       row_named("UnpauseActivityExecution"),
      row_named("ResetActivityExecution"),       row_named("UpdateActivityExecutionOptions")};
  const auto row = chance(60) ? kUsual[below(kUsual.size())] : static_cast<std::uint8_t>(below(all_rpcs().size()));
  return call_of(row, chance(60) ? 0 : 1 + below(2));
}

FuzzCall Grammar::call_of(std::uint8_t row, std::size_t spoiled) {
  FuzzCall made;
  made.row = row;
  made.pause = static_cast<std::uint8_t>(chance(70) ? 0 : below(10));
  made.patience = static_cast<std::uint8_t>(spoiled == 0 || chance(80) ? 0 : below(6));
  const auto message = request_of(row_of(made));
  fill(*message);
  for (std::size_t i = spoiled; i > 0; --i) spoil(*message);
  message->SerializePartialToString(&made.bytes);
  if (spoiled > 0 && chance(6)) spoil(made.bytes);
  return made;
}

void Grammar::fill(pb::Message& message, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    const std::string name(field.name());
    static const std::set<std::string> kNeeded{"namespace",     "activity_id",
                                               "task_token",    "task_queue",
                                               "activity_type", "start_to_close_timeout",
                                               "name",          "update_mask",
                                               "paths",         "activity_options",
                                               "retry_policy",  "application_failure_info",
                                               "request",       "nexus",
                                               "url",           "worker_instance_key",
                                               "seconds",       "workflow_execution_retention_period"};
    // These lead away, or exclude others.
    static const std::set<std::string> kRare{
        "workflow_id",       "run_id",         "long_poll_token", "completion_callbacks", "restore_original",
        "search_attributes", "header",         "user_metadata",   "on_conflict_options",  "schedule_to_start_timeout",
        "maximum_interval",  "next_page_token"};
    const int likely = kNeeded.contains(name) ? 98 : kRare.contains(name) ? 7 : depth > 1 ? 25 : 40;
    const auto* oneof = field.containing_oneof();
    if (oneof != nullptr && message.GetReflection()->HasOneof(message, oneof) && !chance(15)) continue;
    if (chance(likely) && depth < kDepthMax) fill_field(message, field, depth);
  }
}

void Grammar::fill_field(pb::Message& message, const Field& field, int depth) {
  const pb::Reflection& how = *message.GetReflection();
  const int many = field.is_repeated() ? 1 + static_cast<int>(below(2)) : 0;
  for (int i = 0; i < std::max(many, 1); ++i) {
    switch (field.cpp_type()) {
      case Field::CPPTYPE_STRING:
        many ? how.AddString(&message, &field, text_for(field)) : how.SetString(&message, &field, text_for(field));
        break;
      case Field::CPPTYPE_INT32: {
        const auto value = static_cast<std::int32_t>(below(5));
        many ? how.AddInt32(&message, &field, value) : how.SetInt32(&message, &field, value);
        break;
      }
      case Field::CPPTYPE_INT64: {
        constexpr std::array<std::int64_t, 6> kSeconds{1, 2, 10, 60, 3600, 7200};
        const auto value = kSeconds[below(kSeconds.size())];
        many ? how.AddInt64(&message, &field, value) : how.SetInt64(&message, &field, value);
        break;
      }
      case Field::CPPTYPE_FLOAT:
        if (!many) how.SetFloat(&message, &field, static_cast<float>(below(5)));
        break;
      case Field::CPPTYPE_DOUBLE:
        if (!many) how.SetDouble(&message, &field, static_cast<double>(1 + below(3)));
        break;
      case Field::CPPTYPE_BOOL:
        if (!many) how.SetBool(&message, &field, true);
        break;
      case Field::CPPTYPE_ENUM: {
        if (field.enum_type()->name() == "TaskQueueType" && chance(80)) {
          many ? how.AddEnumValue(&message, &field, 2) : how.SetEnumValue(&message, &field, 2);
          break;
        }
        const auto& values = *field.enum_type();
        const int value =
            values.value(static_cast<int>(below(static_cast<std::size_t>(values.value_count()))))->number();
        many ? how.AddEnumValue(&message, &field, value) : how.SetEnumValue(&message, &field, value);
        break;
      }
      case Field::CPPTYPE_MESSAGE:
        fill(many ? *how.AddMessage(&message, &field) : *how.MutableMessage(&message, &field), depth + 1);
        break;
      default:
        break;
    }
  }
}

std::string Grammar::text_for(const Field& field) {
  const std::string name(field.name());
  if (name == "namespace") return chance(96) ? "default" : one_of({"other", "nowhere", "", "third"});
  if (name == "activity_id") return chance(90) ? "a" : one_of({"b", "c"});
  if (name == "run_id") return reference("run");
  if (name == "task_token") return reference("task");
  if (name == "long_poll_token") return reference("poll");
  if (name == "next_page_token") return chance(50) ? "" : reference("page");
  if (name == "request_id") return one_of({"r1", "r2", "r3", ""});
  if (name == "worker_instance_key") return one_of({"w1", "w2"});
  if (name == "worker_control_task_queue") return "/temporal-sys/worker-commands/default/k";
  if (name == "name") return chance(90) ? "q" : one_of({"Color", "q2", "/temporal-sys/worker-commands/default/k"});
  if (name == "url") return one_of({"http://localhost:1/x", "https://example.com", "temporal://system"});
  if (name == "data") return one_of({"\"x\"", "17", "", "{}"});
  if (name == "key") return one_of({"encoding", "type", "Color", "ExecutionStatus"});
  if (name == "search_attributes") return "Color";
  if (name == "paths") {
    return one_of({"task_queue.name", "start_to_close_timeout", "schedule_to_close_timeout", "heartbeat_timeout",
                   "retry_policy", "retryPolicy.maximumAttempts", "priority.fairness_key", "start_delay", "*",
                   "schedule_to_start_timeout", "retry_policy.initial_interval"});
  }
  if (name == "query") {
    return one_of({"", "ExecutionStatus = 'Running'", "ActivityId IN ('a', 'b') AND StartTime > '2020-01-01T00:00:00Z'",
                   "GROUP BY ExecutionStatus", "NOT (TaskQueue STARTS_WITH 'q' OR CloseTime IS NULL)",
                   "ExecutionDuration BETWEEN 1 AND '1h'", "WorkerStatus = 'Running'", "Nonsense = 1", "((", "a = '"});
  }
  if (name == "file_containing_symbol") return "temporal.api.workflowservice.v1.WorkflowService";
  return one_of({"x", "y", "Keyword", "json/plain"});
}

std::string Grammar::huge_text() {
  constexpr std::array<std::size_t, 7> kSizes{65, 401, 1001, 4001, 20'001, 70'000, 2'200'000};
  // The largest are slow and tell little more.
  const std::size_t size = kSizes[chance(2) ? 6 : below(6)];
  return std::string(size, chance(50) ? 'x' : '\x01');
}

void Grammar::spoil(pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& how = *message.GetReflection();
  std::vector<const Field*> set;
  how.ListFields(message, &set);
  if (chance(5)) how.MutableUnknownFields(&message)->AddVarint(9'999, below(1'000'000));
  // Without its namespace a call does not get far; that is soon seen.
  std::erase_if(set, [this](const Field* field) { return field->name() == "namespace" && !chance(5); });
  // Down into what is there, or here.
  if (!set.empty() && chance(70)) {
    const Field& field = *set[below(set.size())];
    if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
      const int size = field.is_repeated() ? how.FieldSize(message, &field) : 1;
      if (size > 0) {
        const int at = static_cast<int>(below(static_cast<std::size_t>(size)));
        return spoil(field.is_repeated() ? *how.MutableRepeatedMessage(&message, &field, at)
                                         : *how.MutableMessage(&message, &field));
      }
    }
    return chance(30) ? how.ClearField(&message, &field) : spoil_field(message, field);
  }
  if (type.field_count() == 0) return;
  const Field& field = *type.field(static_cast<int>(below(static_cast<std::size_t>(type.field_count()))));
  if (field.name() != "namespace" || chance(5)) spoil_field(message, field);
}

void Grammar::spoil_field(pb::Message& message, const Field& field) {
  const pb::Reflection& how = *message.GetReflection();
  const bool many = field.is_repeated();
  const std::size_t which = below(8);
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING: {
      std::string text = chance(60) ? huge_text() : one_of({"", " ", "\n", "$task9", "null", "%", "🙂"});
      if (field.type() == Field::TYPE_BYTES && chance(50)) text = std::string("\xff\x00\xfe", 3);
      return many ? how.AddString(&message, &field, text) : how.SetString(&message, &field, text);
    }
    case Field::CPPTYPE_INT32: {
      const auto value = odd_number<std::int32_t>(which);
      return many ? how.AddInt32(&message, &field, value) : how.SetInt32(&message, &field, value);
    }
    case Field::CPPTYPE_INT64: {
      const auto value = odd_number<std::int64_t>(which);
      return many ? how.AddInt64(&message, &field, value) : how.SetInt64(&message, &field, value);
    }
    case Field::CPPTYPE_FLOAT:
      return many ? void() : how.SetFloat(&message, &field, odd_number<float>(which));
    case Field::CPPTYPE_DOUBLE:
      return many ? void() : how.SetDouble(&message, &field, odd_number<double>(which));
    case Field::CPPTYPE_BOOL:
      return many ? void() : how.SetBool(&message, &field, chance(50));
    case Field::CPPTYPE_ENUM: {
      constexpr std::array kNumbers{
          -1, 0, 99, 100'000, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()};
      const int value = kNumbers[below(kNumbers.size())];
      return many ? how.AddEnumValue(&message, &field, value) : how.SetEnumValue(&message, &field, value);
    }
    case Field::CPPTYPE_MESSAGE: {
      const std::size_t times = many ? (chance(20) ? 150 : 1 + below(12)) : 1;
      for (std::size_t i = 0; i < times; ++i) {
        pb::Message& part = many ? *how.AddMessage(&message, &field) : *how.MutableMessage(&message, &field);
        if (chance(50) && i < 12) fill(part, kDepthMax - 2);
        if (chance(70) && i < 12) spoil(part);
      }
      return;
    }
    default:
      return;
  }
}

void Grammar::spoil(std::string& bytes) {
  if (bytes.empty()) {
    bytes = "\xff\xff\x01";
  } else if (chance(30)) {
    bytes.resize(below(bytes.size()));
  } else if (chance(50)) {
    bytes.insert(below(bytes.size()), 1 + below(4), static_cast<char>(below(256)));
  } else {
    bytes[below(bytes.size())] = static_cast<char>(below(256));
  }
}

}  // namespace longbeat::server::test
