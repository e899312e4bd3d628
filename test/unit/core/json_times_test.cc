// Durations and times as JSON: what is written is read again, to the last nanosecond.
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>
#include <string>
#include <vector>

#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;
using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::sys_time;
using Nanoseconds = std::chrono::nanoseconds;

namespace {

template <class T>
std::string written(const T& value) {
  return DataConverter().to_payload(value).value().data;
}
template <class T>
Result<T> read(const std::string& text) {
  return DataConverter().from_payload<T>(internal::make_payload("json/plain", text));
}
template <class T>
std::string unwritten(const T& value) {
  const auto payload = DataConverter().to_payload(value);
  if (payload) return "written as " + payload.value().data;
  CHECK(payload.error().code == ErrorCode::kUndecodable);
  return payload.error().message;
}
template <class T>
std::string unread(const std::string& text) {
  const auto value = read<T>(text);
  return value ? "read" : value.error().message;
}

/// Is what it is written as read as the same?
template <class T>
bool comes_back(const T& value) {
  return read<T>(written(value)).value() == value;
}

using Frames = duration<std::int64_t, std::ratio<1, 30>>;
using Narrow = duration<std::int32_t, std::nano>;
using Unsigned = duration<std::uint64_t, std::nano>;
using Picoseconds = duration<std::int64_t, std::pico>;
using Years = duration<std::int32_t, std::chrono::years::period>;

}  // namespace

TEST_CASE("a duration comes back as it was", "[converter][json]") {
  SECTION("at both ends of its type") {
    CHECK(comes_back(Nanoseconds::max()));
    CHECK(comes_back(Nanoseconds::min()));
    CHECK(written(Nanoseconds::min()) == "\"-PT9223372036.854775808S\"");
    CHECK(comes_back(std::chrono::microseconds::max()));
    CHECK(comes_back(std::chrono::milliseconds::min()));
    CHECK(comes_back(Narrow::max()));
    CHECK(comes_back(Narrow::min()));
    CHECK(comes_back(Unsigned::max()));
    CHECK(comes_back(duration<std::int8_t, std::milli>::min()));
    CHECK(comes_back(Years::max()));
    CHECK(comes_back(Years::min()));
    CHECK(comes_back(std::chrono::minutes::max() / 8 / 60));
    CHECK(comes_back(1'000'000'000'000'000'000s));
  }
  SECTION("next to nothing") {
    for (const auto small : {-1ns, 0ns, 1ns, -999'999'999ns, -1'000'000'001ns}) CHECK(comes_back(small));
    CHECK(written(-1ns) == "\"-PT0.000000001S\"");
    CHECK(written(-1'000'000'001ns) == "\"-PT1.000000001S\"");
    CHECK(written(0ns) == "\"PT0S\"");
  }
  SECTION("in a narrow type that holds it") {
    CHECK(read<Narrow>("\"PT2S\"").value() == 2s);
    CHECK(read<Narrow>("\"2s\"").value() == 2s);
    CHECK(read<Narrow>("2000000000").value() == 2s);
    CHECK(read<duration<std::uint8_t>>("\"PT255S\"").value() == 255s);
  }
  SECTION("in a type whose counts are no whole numbers of nanoseconds") {
    for (const int count : {-31, -1, 0, 1, 2, 29, 30, 1'000'000'007}) {
      CAPTURE(count);
      CHECK(comes_back(Frames(count)));
      CHECK(comes_back(duration<std::int32_t, std::ratio<1001, 30000>>(count)));
    }
  }
  SECTION("of floating numbers, to the nanosecond") {
    CHECK(written(duration<double>(0.29)) == "\"PT0.29S\"");
    CHECK(written(duration<double>(-0.29)) == "\"-PT0.29S\"");
    CHECK(written(duration<double>(0.9999999999)) == "\"PT1S\"");
    CHECK(comes_back(duration<double, std::nano>(5)));
    CHECK(comes_back(duration<double>(-1e-9)));
    CHECK(comes_back(duration<float>(0.1f)));
    CHECK(comes_back(duration<double, std::ratio<60>>(1e15)));
  }
}

TEST_CASE("a duration that does not fit its type is refused", "[converter][json]") {
  using Catch::Matchers::EndsWith;
  CHECK_THAT(unread<Nanoseconds>("\"PT9223372036.854775808S\""),
             EndsWith("a `std::chrono::duration<long, std::ratio<1l, 1000000000l> >` does not hold "
                      "PT9223372036.854775808S"));
  CHECK_THAT(unread<Nanoseconds>("\"-PT9223372036.854775809S\""), EndsWith("hold -PT9223372036.854775809S"));
  CHECK_THAT(unread<Narrow>("\"PT2.147483648S\""), EndsWith("does not hold PT2.147483648S"));
  CHECK_THAT(unread<Narrow>("-2147483649"), EndsWith("does not hold -PT2.147483649S"));
  CHECK_THAT(unread<Unsigned>("\"-PT0.000000001S\""), EndsWith("does not hold -PT0.000000001S"));
  CHECK_THAT(unread<duration<unsigned>>("\"-PT1S\""), EndsWith("does not hold -PT1S"));
  CHECK_THAT(unread<std::chrono::seconds>("\"-PT0.5S\""), EndsWith("does not hold -PT0.5S"));
  CHECK_THAT(unread<Frames>("\"PT0.01S\""), EndsWith("does not hold PT0.01S"));
}

TEST_CASE("a duration that no text can say is not written", "[converter][json]") {
  using Catch::Matchers::EndsWith;
  using Seconds = duration<double>;
  constexpr auto kInfinite = std::numeric_limits<double>::infinity();
  CHECK_THAT(unwritten(std::chrono::hours::max()),
             EndsWith("9223372036854775807 of `std::chrono::duration<long, std::ratio<3600l, 1l> >` are too many "
                      "seconds"));
  CHECK_THAT(unwritten(std::chrono::hours::min()), EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(std::chrono::seconds::max()), EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(duration<std::uint64_t>::max()), EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(Seconds(kInfinite)), EndsWith("inf of `std::chrono::duration<double, std::ratio<1l, 1l> >` are "
                                                     "too many seconds"));
  CHECK_THAT(unwritten(Seconds(-kInfinite)), EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(Seconds(std::numeric_limits<double>::quiet_NaN())), EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(Seconds(1e300)), EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(duration<float, std::nano>(std::numeric_limits<float>::infinity())),
             EndsWith("are too many seconds"));
  CHECK_THAT(unwritten(std::optional(std::vector{std::chrono::hours::max()})), EndsWith("are too many seconds"));
  SECTION("as of picoseconds, which fewer than a thousand are") {
    CHECK(comes_back(Picoseconds(5'000)));
    CHECK(comes_back(Picoseconds(-5'000)));
    CHECK_THAT(unwritten(Picoseconds(1)), EndsWith("1 of `std::chrono::duration<long, std::ratio<1l, 1000000000000l> "
                                                   ">` are finer than nanoseconds"));
  }
}

TEST_CASE("a time comes back as it was", "[converter][json]") {
  using Time = sys_time<Nanoseconds>;
  CHECK(comes_back(Time::max()));
  CHECK(comes_back(Time::min()));
  CHECK(written(Time::min()) == "\"1677-09-21T00:12:43.145224192Z\"");
  CHECK(comes_back(Time(-1ns)));
  CHECK(comes_back(sys_time<Unsigned>::max()));
  CHECK(comes_back(sys_time<Narrow>::min()));
  CHECK(comes_back(sys_time<Frames>(Frames(-1))));
  CHECK(comes_back(sys_days(std::chrono::days(-719'528))));
  CHECK(comes_back(sys_time<duration<double>>(duration<double>(-0.5))));
}

TEST_CASE("a time that is finer than its type is rounded down", "[converter][json]") {
  using std::chrono::days;
  const std::string last_tenth = "\"1969-12-31T23:59:59.9Z\"";
  CHECK(read<sys_seconds>(last_tenth).value() == sys_seconds(-1s));
  CHECK(read<sys_days>(last_tenth).value() == sys_days(days(-1)));
  CHECK(read<sys_time<std::chrono::milliseconds>>(last_tenth).value().time_since_epoch() == -100ms);
  CHECK(read<sys_seconds>("\"1970-01-01T00:00:00.9Z\"").value() == sys_seconds());
  CHECK(read<sys_days>("\"1970-01-01T23:59:59.9Z\"").value() == sys_days());
  CHECK(read<sys_days>("\"1969-12-31T00:00:00Z\"").value() == sys_days(days(-1)));
}

TEST_CASE("a time that its type does not reach is refused", "[converter][json]") {
  using Catch::Matchers::EndsWith;
  CHECK_THAT(unread<sys_time<Nanoseconds>>("\"2262-04-11T23:47:16.854775808Z\""),
             EndsWith("a time of `std::chrono::duration<long, std::ratio<1l, 1000000000l> >` does not reach "
                      "2262-04-11T23:47:16.854775808Z"));
  CHECK_THAT(unread<sys_time<Nanoseconds>>("\"1677-09-21T00:12:43.145224191Z\""), ContainsSubstring("does not reach"));
  CHECK_THAT(unread<sys_time<Unsigned>>("\"1969-12-31T23:59:59.9Z\""), EndsWith("not reach 1969-12-31T23:59:59.9Z"));
  CHECK_THAT(unread<sys_time<duration<std::uint32_t>>>("\"2106-02-07T06:28:16Z\""), ContainsSubstring("not reach"));
  CHECK(read<sys_time<duration<std::uint32_t>>>("\"2106-02-07T06:28:15Z\"").value().time_since_epoch() ==
        4'294'967'295s);
}
