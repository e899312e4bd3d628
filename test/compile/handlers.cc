// Handlers that do not fit their activity.
#include <memory>

#include "compile/either.h"
#include "compile/text_codec.h"
#include "longbeat/worker.h"

using namespace longbeat;

constexpr Activity<std::string(std::string path, int part)> kCopy{"copy"};
constexpr Activity<void()> kSweep{"sweep"};
constexpr Activity<int(int)> kTwice{"twice"};
constexpr Activity<bool(int)> kIsOdd{"is_odd"};

struct Loud {
  ~Loud() noexcept(EITHER(true, false)) {}
};
struct NoCodec {};
template <>
struct longbeat::PayloadCodec<Loud> {
  static Payload encode(const Loud&) { return {}; }
  static Result<Loud> decode(const Payload&) { return Loud(); }
};
#ifndef LONGBEAT_WRONG
template <>
struct longbeat::PayloadCodec<NoCodec> {
  static Payload encode(const NoCodec&) { return {}; }
  static Result<NoCodec> decode(const Payload&) { return NoCodec(); }
};
#endif
constexpr Activity<void(Loud)> kLoud{"loud"};
constexpr Activity<void(NoCodec)> kNoCodec{"no_codec"};
constexpr Activity<NoCodec()> kNoResultCodec{"no_result_codec"};

void handlers(Worker& worker) {
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve(kCopy, [](std::string path, EITHER(int, std::string)) { return path; });
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve(kCopy, [](EITHER(const std::string&, std::string&) path, int) { return path; });
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve(kTwice, [](EITHER(ActivityContext&, ActivityContext), int number) { return number; });
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve(kSweep, EITHER([] {}, std::string("sweep")));
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve(dynamic_activity("raw"), [](EITHER(const Payloads&, std::string)) { return Payloads(); });
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve_unknown([](ActivityContext&, EITHER(Payloads, Payload)) { return Payloads(); });
  // expect: longbeat: this handler returns neither the activity's result (R), nor a longbeat::Result of it
  worker.serve(kCopy, [](std::string, int part) { return EITHER(std::to_string(part), part); });
  // expect: longbeat: this handler returns neither the activity's result (R), nor a longbeat::Result of it
  worker.serve(kCopy, [](std::string, int) -> Result<EITHER(std::string, int)> { return {EITHER("", 1)}; });
  // expect: longbeat: this handler returns neither the activity's result (R), nor a longbeat::Result of it
  worker.serve(kTwice, [](int) { EITHER(return 1, ); });
  // expect: longbeat: this handler returns a value, but its activity has no result
  worker.serve(kSweep, [] { EITHER(, return true); });
  // expect: longbeat: what this handler returns would lose its value as the activity's result (R); convert it
  worker.serve(kTwice, [](int number) { return EITHER(2, 2.5) * number; });
  // expect: longbeat: what this handler returns would lose its value as the activity's result (R); convert it
  worker.serve(kIsOdd, [](int number) { return number % 2 EITHER(!= 0, ); });
  // expect: longbeat: destructors of arguments and results must not throw
  worker.serve(kLoud, [](const Loud&) {});
  // expect: longbeat: no PayloadCodec for this type. Include <longbeat/json.h> and give the type to_json/from_json
  worker.serve(kNoCodec, [](NoCodec) {});
#ifndef LONGBEAT_WRONG  // Said already.
  worker.serve(kNoResultCodec, [] { return NoCodec(); });
#endif
  // expect: longbeat: name the activity by an Activity or by dynamic_activity(name)
  worker.serve(EITHER(kSweep, "sweep"), [] {});
  // expect: longbeat: name the activity by an Activity or by dynamic_activity(name)
  worker.alias(EITHER(kSweep, std::string("sweep")), "clean");
}
