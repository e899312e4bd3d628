#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;

namespace {

struct Money {
  std::int64_t cents = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Money, cents)

Payload as_text(const Money& money) {
  return {{{"encoding", "text/money"}}, std::to_string(money.cents) + " c"};
}
Result<Money> from_text(const Payload& payload) {
  if (internal::encoding_of(payload) != "text/money") return Error{ErrorCode::kUndecodable, "no money"};
  return Money{std::stoll(payload.data)};
}

}  // namespace

TEST_CASE("a converter of one's own for a type", "[converter]") {
  const DataConverter own = DataConverter().use<Money>(as_text, from_text);
  SECTION("takes the place of the type's codec") {
    const auto payload = own.to_payload(Money{5}).value();
    CHECK(payload == Payload{{{"encoding", "text/money"}}, "5 c"});
    CHECK(own.from_payload<Money>(payload).value().cents == 5);
    CHECK(own.from_result<Money>({payload}).value().cents == 5);
    CHECK(std::get<0>(own.from_payloads<std::tuple<Money>>({payload}).value()).cents == 5);
  }
  SECTION("also where the value may be missing") {
    CHECK(own.to_payload(std::optional<Money>(Money{5})).value().data == "5 c");
    CHECK(internal::encoding_of(own.to_payload(std::optional<Money>()).value()) == "binary/null");
    CHECK(own.from_payload<std::optional<Money>>({{{"encoding", "text/money"}}, "5 c"}).value()->cents == 5);
    CHECK_FALSE(own.from_payload<std::optional<Money>>({{{"encoding", "binary/null"}}, ""}).value());
  }
  SECTION("but not inside other types, nor in other converters") {
    CHECK(own.to_payload(std::vector{Money{5}}).value().data == R"([{"cents":5}])");
    CHECK(DataConverter().to_payload(Money{5}).value().data == R"({"cents":5})");
  }
  SECTION("leaves other types alone, and copies the converter with it") {
    DataConverter copy = own;
    copy.use<int>([](int value) { return Payload{{}, std::string(static_cast<std::size_t>(value), '|')}; },
                  [](const Payload& payload) { return static_cast<int>(payload.data.size()); });
    CHECK(copy.to_payload(3).value().data == "|||");
    CHECK(copy.from_payload<int>({{}, "||"}).value() == 2);
    CHECK(own.to_payload(3).value().data == "3");
    CHECK(copy.to_payload(Money{5}).value().data == "5 c");
  }
  SECTION("and the newest one counts") {
    DataConverter newer = own;
    newer.use<Money>([](const Money&) { return Payload{{}, "new"}; }, from_text);
    CHECK(newer.to_payload(Money{5}).value().data == "new");
  }
}

TEST_CASE("a converter of one's own that fails names the type", "[converter]") {
  const DataConverter own = DataConverter().use<Money>(
      [](const Money& money) -> Result<Payload> {
        if (money.cents < 0) return Error{ErrorCode::kInternal, "debts"};
        if (money.cents == 0) throw std::runtime_error("nothing");
        throw 7;
      },
      from_text);
  const auto message = [&](std::int64_t cents) { return own.to_payload(Money{cents}).error().message; };
  CHECK_THAT(message(-1), ContainsSubstring("Money` cannot be encoded: debts"));
  CHECK_THAT(message(0), ContainsSubstring("Money` cannot be encoded: nothing"));
  CHECK_THAT(message(1), ContainsSubstring("not a std::exception"));
  CHECK_THAT(own.from_payload<Money>({{{"encoding", "text/money"}}, "x"}).error().message,
             ContainsSubstring("Money`: stoll"));
  CHECK_THAT(own.from_payload<Money>({{{"encoding", "json/plain"}}, "{}"}).error().message,
             ContainsSubstring("no money"));
}
