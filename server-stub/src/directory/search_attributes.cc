#include "directory/search_attributes.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kRegisteredMax = 100;
constexpr std::int32_t kText = 1, kKeyword = 2, kInt = 3, kDatetime = 6, kKeywordList = 7;

internal::StatusOr<> check_new(const AttributeTypes& registered, const std::string& name, std::int32_t type) {
  if (name.empty()) return internal::invalid_argument("a search attribute needs a name");
  if (name.size() > kNameBytesMax) {
    return internal::invalid_argument("search attribute name exceeds length limit. Length=" +
                                      std::to_string(name.size()) + " Limit=" + std::to_string(kNameBytesMax));
  }
  // A query can only quote a name in backquotes.
  if (name.find('`') != std::string::npos) {
    return internal::invalid_argument("search attribute name must not contain a backquote: " + name);
  }
  if (system_attributes().contains(name)) {
    return internal::invalid_argument("Search attribute " + name + " is system attribute.");
  }
  if (type < kText || type > kKeywordList) {
    return internal::invalid_argument("Unknown search attribute type: " + std::to_string(type) + " of " + name);
  }
  if (registered.contains(name)) {
    return internal::Status{internal::StatusCode::kAlreadyExists, "Search attribute " + name + " already exists.", {}};
  }
  return {};
}

}  // namespace

const AttributeTypes& system_attributes() {
  static const AttributeTypes kSystem = {
      {"ActivityId", kKeyword},       {"ActivityType", kKeyword},    {"CloseTime", kDatetime},
      {"ExecutionDuration", kInt},    {"ExecutionStatus", kKeyword}, {"ExecutionTime", kDatetime},
      {"HistorySizeBytes", kInt},     {"RunId", kKeyword},           {"StartTime", kDatetime},
      {"StateTransitionCount", kInt}, {"TaskQueue", kKeyword},       {"WorkflowId", kKeyword},
  };
  return kSystem;
}

internal::StatusOr<AttributeTypes> with_attributes(const AttributeTypes& registered, const AttributeTypes& added) {
  if (added.empty()) return internal::invalid_argument("SearchAttributes are not set on request.");
  AttributeTypes result = registered;
  for (const auto& [name, type] : added) {
    if (auto ok = check_new(registered, name, type); !ok) return ok.error();
    result.emplace(name, type);
  }
  if (result.size() > kRegisteredMax) {
    return internal::invalid_argument("a namespace has at most " + std::to_string(kRegisteredMax) +
                                      " search attributes, would have " + std::to_string(result.size()));
  }
  return result;
}

internal::StatusOr<AttributeTypes> without_attributes(const AttributeTypes& registered,
                                                      const std::vector<std::string>& names) {
  if (names.empty()) return internal::invalid_argument("SearchAttributes are not set on request.");
  AttributeTypes result = registered;
  for (const std::string& name : names) {
    if (system_attributes().contains(name)) {
      return internal::invalid_argument("Unable to remove non-custom search attributes: " + name + ".");
    }
    result.erase(name);  // What is not there is removed.
  }
  return result;
}

}  // namespace longbeat::server
