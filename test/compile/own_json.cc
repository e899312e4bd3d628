// A program that has taught nlohmann::json these types itself, as its documentation suggests.
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

namespace nlohmann {
template <class T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& to, const std::optional<T>& value) { to = value ? json(*value) : json(); }
  static void from_json(const json& from, std::optional<T>& value) {
    value = from.is_null() ? std::nullopt : std::optional<T>(from.template get<T>());
  }
};
template <class Rep, class Period>
struct adl_serializer<std::chrono::duration<Rep, Period>> {
  static void to_json(json& to, const std::chrono::duration<Rep, Period>& value) { to = value.count(); }
  static void from_json(const json& from, std::chrono::duration<Rep, Period>& value) {
    value = std::chrono::duration<Rep, Period>(from.template get<Rep>());
  }
};
}  // namespace nlohmann

#include <longbeat/activity.h>
#include <longbeat/json.h>

struct Job {
  std::optional<int> size{};
  std::chrono::seconds age{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Job, size, age)

static_assert(longbeat::internal::require_payload_codec<Job>());
longbeat::Result<longbeat::Payload> sent(const Job& job) {
  return longbeat::DataConverter().to_payload(job);
}
