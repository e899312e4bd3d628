// <longbeat/json.h> beside a program's own use of nlohmann::json: what compiled without it compiles with it.
#include <longbeat/activity.h>
#include <longbeat/json.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

using nlohmann::json;
using nlohmann::ordered_json;

// Types that only go one way.
struct Written {
  int number = 0;
};
void to_json(json& to, const Written& value) {
  to = value.number;
}
struct Read {
  int number = 0;
};
void from_json(const json& from, Read& value) {
  from.get_to(value.number);
}

json written() {
  return {std::vector<Written>(), std::map<std::string, Written>(), std::optional<Written>()};
}
std::vector<Read> read(const json& from) {
  auto value = from.get<std::map<std::string, Read>>();
  return from.get<std::vector<Read>>();
}

// Types that contain themselves: when to_json is compiled, from_json has not been seen.
struct Tree {
  std::vector<Tree> children{};
  std::map<std::string, Tree> named{};
  std::map<int, Tree> numbered{};
  std::list<Tree> listed{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tree, children, named, numbered, listed)
struct Value {
  std::variant<std::monostate, double, std::string, std::vector<Value>> held{};
  std::optional<std::vector<Value>> more{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Value, held, more)

// JSON that keeps its order.
struct Ordered {
  std::vector<Ordered> children{};
  std::map<int, std::string> names{};
  std::set<int> numbers{};
  std::optional<std::chrono::seconds> age{};
  std::variant<int, std::string> either{};
  std::vector<std::byte> bytes{};
};
void to_json(ordered_json& to, const Ordered& value) {
  to = {{"children", value.children}, {"names", value.names},   {"numbers", value.numbers},
        {"age", value.age},           {"either", value.either}, {"bytes", value.bytes}};
}
void from_json(const ordered_json& from, Ordered& value) {
  from.at("children").get_to(value.children);
  from.at("names").get_to(value.names);
  from.at("numbers").get_to(value.numbers);
  from.at("age").get_to(value.age);
  from.at("either").get_to(value.either);
  from.at("bytes").get_to(value.bytes);
}
ordered_json ordered() {
  return {std::vector<int>{1}, std::map<std::string, int>(), Ordered()};
}

// What travels, and what does not.
struct Nothing {};
static_assert(longbeat::internal::require_payload_codec<Tree>());
static_assert(longbeat::internal::require_payload_codec<Value>());
static_assert(longbeat::internal::require_payload_codec<std::map<int, json>>());
static_assert(longbeat::internal::require_payload_codec<std::optional<std::unordered_set<std::string>>>());
static_assert(!longbeat::internal::HasPayloadCodec<std::vector<Nothing>>);
static_assert(!longbeat::internal::HasPayloadCodec<std::vector<Written>>);
static_assert(!longbeat::internal::HasPayloadCodec<std::vector<Read>>);
static_assert(!longbeat::internal::HasPayloadCodec<std::map<std::string, Written>>);
static_assert(!longbeat::internal::HasPayloadCodec<std::map<int, Read>>);
static_assert(!longbeat::internal::HasPayloadCodec<std::variant<int, Written>>);
