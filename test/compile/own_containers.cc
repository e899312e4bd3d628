// A program that leaves containers to nlohmann::json, by LONGBEAT_OWN_JSON_CONTAINERS.
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace nlohmann {
template <class Value>
struct adl_serializer<std::map<int, Value>> {
  static void to_json(json& to, const std::map<int, Value>& value) { to = value.size(); }
  static void from_json(const json&, std::map<int, Value>& value) { value.clear(); }
};
}  // namespace nlohmann

#include <longbeat/activity.h>
#include <longbeat/json.h>

struct Job {
  std::map<int, std::string> names{};
  std::vector<int> sizes{};
  std::optional<std::chrono::seconds> age{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Job, names, sizes, age)

static_assert(longbeat::internal::require_payload_codec<Job>());
