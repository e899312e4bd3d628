#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/option_checks.h"
#include "longbeat/start_options.h"

LONGBEAT_BEGIN
namespace {

using internal::check_limit;
using internal::check_name;
using internal::check_request_id;
using internal::check_text;
using internal::invalid;
using internal::quoted;
using internal::shown;

Result<> check(const SearchAttributes& attributes) {
  for (const auto& [name, attribute] : attributes) {
    if (name.empty()) return invalid("StartOptions.search_attributes", "a map with an empty name", "named");
    const std::string field = "StartOptions.search_attributes['" + name + "']";
    if (auto text = check_text(field + " (its name)", name); !text) return text;
    const auto& value = attribute.value();
    Result<> checked;
    if (const auto* keyword = std::get_if<std::string>(&value)) checked = check_text(field, *keyword);
    if (const auto* text = std::get_if<SearchText>(&value)) checked = check_text(field, text->text);
    if (const auto* keywords = std::get_if<std::vector<std::string>>(&value)) {
      for (const auto& keyword : *keywords) {
        if (checked) checked = check_text(field, keyword);
      }
    }
    const auto* number = std::get_if<double>(&value);
    // Not a number is not JSON.
    if (number != nullptr && !(*number - *number == 0)) checked = invalid(field, std::to_string(*number), "finite");
    if (!checked) return checked;
  }
  return {};
}

using Texts = std::vector<std::pair<const char*, const std::string*>>;

Texts texts_of(std::monostate) {
  return {};
}
Texts texts_of(const LinkToActivity& to) {
  return {{"namespace_name", &to.namespace_name}, {"activity_id", &to.activity_id}, {"run_id", &to.run_id}};
}
Texts texts_of(const LinkToWorkflow& to) {
  return {{"namespace_name", &to.namespace_name},
          {"workflow_id", &to.workflow_id},
          {"run_id", &to.run_id},
          {"reason", &to.reason}};
}
Texts texts_of(const LinkToWorkflowEvent& to) {
  return {{"namespace_name", &to.namespace_name},
          {"workflow_id", &to.workflow_id},
          {"run_id", &to.run_id},
          {"request_id", &to.request_id}};
}
Texts texts_of(const LinkToBatchJob& to) {
  return {{"job_id", &to.job_id}};
}
Texts texts_of(const LinkToNexusOperation& to) {
  return {{"namespace_name", &to.namespace_name}, {"operation_id", &to.operation_id}, {"run_id", &to.run_id}};
}

/// `owner` as in "StartOptions".
Result<> check_links(const std::string& owner, const std::vector<Link>& links) {
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::string field = owner + ".links[" + std::to_string(i) + "]";
    if (std::holds_alternative<std::monostate>(links[i])) return invalid(field, "of no kind", "a link to something");
    for (const auto& [name, text] : std::visit([](const auto& to) { return texts_of(to); }, links[i])) {
      if (auto checked = check_text(field + "." + name, *text); !checked) return checked;
    }
  }
  return {};
}

/// Callbacks, links and what becomes of them.
Result<> check_attached(const StartOptions& options) {
  for (std::size_t i = 0; i < options.completion_callbacks.size(); ++i) {
    const auto& callback = options.completion_callbacks[i];
    const std::string field = "StartOptions.completion_callbacks[" + std::to_string(i) + "]";
    if (callback.url.empty()) return Error{ErrorCode::kInvalidArgument, field + ".url is empty, but required", {}, {}};
    if (auto text = check_text(field + ".url", callback.url); !text) return text;
    for (const auto& [name, value] : callback.header) {
      if (auto text = check_text(field + ".header (its names)", name); !text) return text;
      if (auto text = check_text(field + ".header['" + name + "']", value); !text) return text;
    }
    if (auto links = check_links(field, callback.links); !links) return links;
  }
  if (auto links = check_links("StartOptions", options.links); !links) return links;
  if (options.links.size() > 10)
    return invalid("StartOptions.links", std::to_string(options.links.size()) + " links", "at most 10");
  if (!options.on_conflict_options) return {};
  const auto& conflict = *options.on_conflict_options;
  if (conflict.attach_completion_callbacks && !conflict.attach_request_id) {
    return invalid("StartOptions.on_conflict_options.attach_request_id", "false",
                   "true with attach_completion_callbacks");
  }
  if (conflict.attach_request_id && options.completion_callbacks.empty() && options.links.empty()) {
    return invalid("StartOptions.on_conflict_options.attach_request_id", "true",
                   "false without completion_callbacks and links");
  }
  return {};
}

}  // namespace

Result<> validate(const StartOptions& options) {
  if (auto named = check_name("StartOptions.id", options.id); !named) return named;
  if (auto named = check_name("StartOptions.task_queue", options.task_queue); !named) return named;
  if (auto limit = check_limit("StartOptions.start_to_close_timeout", options.start_to_close_timeout); !limit)
    return limit;
  if (auto limit = check_limit("StartOptions.schedule_to_close_timeout", options.schedule_to_close_timeout); !limit)
    return limit;
  if (auto limit = check_limit("StartOptions.schedule_to_start_timeout", options.schedule_to_start_timeout); !limit)
    return limit;
  if (auto limit = check_limit("StartOptions.heartbeat_timeout", options.heartbeat_timeout); !limit) return limit;
  if (!options.start_to_close_timeout && !options.schedule_to_close_timeout) {
    return Error{
        ErrorCode::kInvalidArgument,
        "StartOptions.start_to_close_timeout and StartOptions.schedule_to_close_timeout are both unset, one is "
        "required: without a limit nobody would notice a lost worker",
        {},
        {}};
  }
  if (options.start_delay && options.start_delay->count() < 0) {
    return invalid("StartOptions.start_delay", shown(*options.start_delay), "0 or more");
  }
  if (options.retry_policy) {
    if (auto checked = internal::check("StartOptions.retry_policy.", *options.retry_policy); !checked) return checked;
  }
  if (options.priority) {
    if (auto checked = internal::check("StartOptions.priority.", *options.priority); !checked) return checked;
  }
  // The server's limit is 400 bytes with the encoding's name around the text.
  if (options.summary.size() > 360)
    return invalid("StartOptions.summary", quoted(options.summary), "at most 360 bytes");
  if (auto text = check_text("StartOptions.summary", options.summary); !text) return text;
  if (options.details.size() > 19'900)
    return invalid("StartOptions.details", quoted(options.details), "at most 19900 bytes");
  if (auto text = check_text("StartOptions.details", options.details); !text) return text;
  if (auto id = check_request_id("StartOptions.request_id", options.request_id); !id) return id;
  if (auto attributes = check(options.search_attributes); !attributes) return attributes;
  return check_attached(options);
}

LONGBEAT_END
