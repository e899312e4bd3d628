// What a resume check tries and how it tells what it found, without a process.
#include "testing/resume_report.h"

#include "support/catch.h"
#include "testing/resume_wire.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

ResumeEnding ending(const std::string& result, const std::string& observed) {
  return {Payloads{make_payload("json/plain", result)}, observed};
}

}  // namespace

TEST_CASE("the heartbeats after which an activity is killed", "[testing][resume]") {
  using Points = std::vector<std::size_t>;
  CHECK(resume_points(0, 50).empty());
  CHECK(resume_points(1, 50) == Points{1});
  CHECK(resume_points(3, 50) == Points{1, 2, 3});
  CHECK(resume_points(100, 1) == Points{1});
  CHECK(resume_points(100, 2) == Points{1, 100});
  CHECK(resume_points(100, 4) == Points{1, 34, 67, 100});
  CHECK(resume_points(1'000'000, 50).size() == 50);
  CHECK(resume_points(1'000'000, 50).back() == 1'000'000);
}

TEST_CASE("differences between two endings", "[testing][resume]") {
  CHECK(differences(ending("1", "a\nb\n"), ending("1", "a\nb\n")).empty());
  CHECK(differences(ending("1", ""), ending("2", "")) == "\n  result: 1, uninterrupted 2");
  CHECK(differences(ending("1", "b"), ending("2", "a"), "before") ==
        "\n  result: 1, before 2\n  effects: 'b', before 'a'");
  CHECK(differences(ending("1", "a"), ending("1", "b")) == "\n  effects: 'a', uninterrupted 'b'");
  CHECK(differences(ending("1", "a\nb\n"), ending("1", "a\n")) ==
        "\n  effects: line 2: 'b', uninterrupted nothing; 2 lines, uninterrupted 1");
  CHECK(differences(ending("1", ""), ending("1", "a\n")) ==
        "\n  effects: nothing, uninterrupted 'a'; 0 lines, uninterrupted 1");
  SECTION("an error is one") {
    auto failed = ending("1", "");
    failed.result = Error{ErrorCode::kActivityFailed, "boom", {}, {}};
    CHECK(differences(failed, ending("1", "")) == "\n  result: ActivityFailed: boom, uninterrupted 1");
    auto blind = ending("1", "");
    blind.observed = Error{ErrorCode::kFailedPrecondition, "observe() threw", {}, {}};
    CHECK(differences(blind, ending("1", "")) == "\n  effects: observe() threw");
  }
  SECTION("line ends alone are one too") {
    CHECK(differences(ending("1", "a"), ending("1", "a\n")) == "\n  effects: they differ in line ends only");
  }
}

TEST_CASE("values are shown on one line", "[testing][resume]") {
  CHECK(shown(Payloads()) == "nothing");
  CHECK(shown(Payloads{make_payload("json/plain", "{\"a\":1}"), make_payload("binary/null", "")}) == "{\"a\":1}, null");
  CHECK(shown(Payloads{make_payload("binary/plain", "\xff\xfe")}) == "binary/plain of 2 bytes");
  CHECK(shown(Payloads{make_payload("json/plain", std::string(1000, '7'))}).size() < 330);
}

TEST_CASE("what the processes of a resume check tell each other", "[testing][resume]") {
  SECTION("arrives as it was told") {
    const auto order = read_order(written({"copy", 3, true, {make_payload("json/plain", "7")}, 12}));
    REQUIRE(order);
    CHECK(order->activity == "copy");
    CHECK(order->check == 3);
    CHECK(order->resumes);
    CHECK(order->details == Payloads{make_payload("json/plain", "7")});
    CHECK(order->kill_after == 12);
    const auto story =
        read_story(written_heartbeat() + written_heartbeat() +
                   written_details(Payloads{make_payload("json/plain", "7")}) + written_ending(ending("1", "seen")));
    CHECK(story.heartbeats == 2);
    REQUIRE(story.details);
    CHECK(story.details->value() == Payloads{make_payload("json/plain", "7")});
    REQUIRE(story.ending);
    CHECK(story.ending->observed.value() == "seen");
  }
  SECTION("may end at any byte") {
    const std::string whole = written_heartbeat() + written_details(Payloads{make_payload("json/plain", "7")}) +
                              written_ending(ending("1", "seen"));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto story = read_story(std::string_view(whole).substr(0, size));
      CHECK(story.heartbeats == (size > 0 ? 1u : 0u));
      CHECK_FALSE(story.ending);
    }
    const std::string order = written({"copy", 1, true, {}, 12});
    for (std::size_t size = 0; size < order.size(); ++size)
      CHECK_FALSE(read_order(std::string_view(order).substr(0, size)));
  }
  SECTION("may be an error") {
    const auto story = read_story(written_details(Error{ErrorCode::kUndecodable, "no key", {}, {}}));
    REQUIRE(story.details);
    CHECK(story.details->error().message == "no key");
    CHECK(story.details->error().code == ErrorCode::kUndecodable);
  }
}
