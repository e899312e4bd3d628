#include <algorithm>
#include <set>

#include "base/random.h"
#include "unit/visibility/projection_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("pages follow each other", "[server][visibility]") {
  ProjectionRoom room;
  for (std::uint64_t row = 1; row <= 7; ++row) room.put(activity(row));
  for (std::uint64_t row = 8; row <= 12; ++row) room.put(activity(row, 100 + static_cast<std::int64_t>(row % 3)));
  const std::string whole = "a7 a6 a5 a4 a3 a2 a1 a11 a8 a10 a12 a9";
  CHECK(room.ids("") == whole);
  for (int size = 1; size <= 13; ++size) {
    std::string text;
    std::string token;
    int pages = 0;
    do {
      const ActivityPage page = room.list("", size, token);
      text += (text.empty() ? "" : " ") + ProjectionRoom::ids_of(page);
      token = page.next_page_token;
      ++pages;
    } while (!token.empty());
    INFO("page size " << size);
    CHECK(text == whole);
    CHECK(pages == (12 + size - 1) / size);
  }
}

TEST_CASE("a page token is of one list", "[server][visibility]") {
  ProjectionRoom room;
  for (std::uint64_t row = 1; row <= 5; ++row) room.put(activity(row));
  const std::string token = room.list("RunId != 'x'", 2).next_page_token;
  REQUIRE_FALSE(token.empty());
  const auto refusal = [&](const std::string& query, const std::string& with, std::uint32_t namespace_id = 1) {
    const auto page = room.try_list(query, 2, with, namespace_id);
    if (page) return std::string("accepted");
    CHECK(page.error().code == StatusCode::kInvalidArgument);
    return page.error().message;
  };
  CHECK(refusal("RunId != 'x'", token) == "accepted");
  CHECK_THAT(refusal("RunId != 'y'", token), ContainsSubstring("another query or namespace"));
  CHECK_THAT(refusal("RunId != 'x'", token, 2), ContainsSubstring("another query or namespace"));
  CHECK(refusal("RunId != 'x'", "x") == "invalid next page token");
  CHECK(refusal("RunId != 'x'", token + "x") == "invalid next page token");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string damaged = token;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK(refusal("RunId != 'x'", damaged) == "invalid next page token");
  }
}

TEST_CASE("what happens between two pages does not disturb the list", "[server][visibility]") {
  ProjectionRoom room;
  for (std::uint64_t row = 1; row <= 6; ++row) room.put(activity(row));
  room.put(activity(7, 100));
  room.put(activity(8, 90));

  SECTION("what closes keeps its place, and is shown as it was") {
    const ActivityPage first = room.list("", 2);
    CHECK(ProjectionRoom::ids_of(first) == "a6 a5");
    room.put(activity(6, 200));  // Shown already: not again.
    room.put(activity(3, 201));  // Not shown yet: not lost.
    const ActivityPage rest = room.list("", 100, first.next_page_token);
    CHECK(ProjectionRoom::ids_of(rest) == "a4 a3 a2 a1 a7 a8");
    CHECK(rest.rows.at(1).status == kRunning);
    CHECK_FALSE(rest.rows.at(1).close_time);
    CHECK(room.ids("") == "a5 a4 a2 a1 a3 a6 a7 a8");
  }
  SECTION("also when it closes in the very nanosecond of the newest one in the list") {
    const ActivityPage first = room.list("", 2);
    room.put(activity(6, 100));
    room.put(activity(3, 100));
    CHECK(ProjectionRoom::ids_of(room.list("", 100, first.next_page_token)) == "a4 a3 a2 a1 a7 a8");
    CHECK(room.list("ActivityId = 'a3'").rows.at(0).close_time == at(100));
  }
  SECTION("also when a clock was set back: behind the list, in the order in which it closed") {
    const ActivityPage first = room.list("", 2);
    room.put(activity(3, 40));
    room.put(activity(6, 50));
    room.put(activity(1, 50));
    room.put(activity(4, 60));
    CHECK(ProjectionRoom::ids_of(room.list("", 100, first.next_page_token)) == "a4 a3 a2 a1 a7 a8");
    CHECK(room.ids("") == "a5 a2 a4 a6 a1 a3 a7 a8");
    room.put(activity(2, 70));  // Behind this list too.
    room.put(activity(5, 300));
    CHECK(room.ids("") == "a5 a2 a4 a6 a1 a3 a7 a8");
    CHECK(room.list("ActivityId = 'a4'").rows.at(0).close_time == at(60));
    CHECK(room.ids("CloseTime BETWEEN '1970-01-01T00:01:00Z' AND '1970-01-01T00:01:10Z'") == "a2 a4");
  }
  SECTION("what starts is left out") {
    const ActivityPage first = room.list("", 7);
    room.put(activity(9));
    room.put(activity(10, 300));
    CHECK(ProjectionRoom::ids_of(room.list("", 100, first.next_page_token)) == "a8");
  }
  SECTION("a list of the running ones goes on with those that ran") {
    const ActivityPage first = room.list("ExecutionStatus = 'Running'", 2);
    room.put(activity(4, 200));
    room.put(activity(2, 201, kFailed));
    CHECK(ProjectionRoom::ids_of(room.list("ExecutionStatus = 'Running'", 2, first.next_page_token)) == "a4 a3");
    const ActivityPage closed = room.list("CloseTime IS NOT NULL", 1);
    CHECK(ProjectionRoom::ids_of(closed) == "a2");
    room.put(activity(1, 202));
    CHECK(ProjectionRoom::ids_of(room.list("CloseTime IS NOT NULL", 9, closed.next_page_token)) == "a4 a7 a8");
  }
  SECTION("one that was paused counts as paused") {
    room.put(activity(2, {}, kPaused));
    room.put(activity(1, {}, kPaused));
    const ActivityPage first = room.list("ExecutionStatus = 'Paused'", 1);
    room.put(activity(1, 202));
    const ActivityPage second = room.list("ExecutionStatus = 'Paused'", 1, first.next_page_token);
    CHECK(ProjectionRoom::ids_of(second) == "a1");
    CHECK(second.rows.at(0).status == kPaused);
  }
  SECTION("what is removed is gone") {
    const ActivityPage first = room.list("", 2);
    room.remove(3);
    CHECK(ProjectionRoom::ids_of(room.list("", 100, first.next_page_token)) == "a4 a2 a1 a7 a8");
  }
}

/// Whatever happens between the pages: what was in the list when it began comes exactly once, nothing else comes.
TEST_CASE("a list read page by page is the list as it was", "[server][visibility]") {
  const auto seed = GENERATE(range(1u, 41u));
  CAPTURE(seed);
  longbeat::internal::Random random(seed);
  ProjectionRoom room;
  std::uint64_t last_row = 0;
  std::int64_t now = 1;
  std::vector<std::uint64_t> open;
  const auto happen = [&](std::uint64_t events) {
    for (std::uint64_t i = 0; i < events; ++i) {
      now += static_cast<std::int64_t>(random.next() % 2);  // Often the same time again.
      const std::uint64_t what = random.next() % 3;
      if (what == 0 || open.empty()) {
        ActivityRow row = activity(++last_row);
        row.start_time = at(now);
        row.type = last_row % 2 == 0 ? "even" : "odd";
        open.push_back(last_row);
        room.put(row);
      } else {
        const auto place = open.begin() + static_cast<std::ptrdiff_t>(random.next() % open.size());
        const int status = what == 1 ? kCompleted : kFailed;
        ActivityRow row = activity(*place, now, status);
        row.type = *place % 2 == 0 ? "even" : "odd";
        room.put(row);
        open.erase(place);
      }
    }
  };
  happen(60 + random.next() % 60);
  for (const char* query :
       {"", "ActivityType = 'odd'", "ExecutionStatus = 'Running'", "CloseTime IS NULL OR ActivityType = 'even'",
        "ExecutionStatus IN ('Completed', 'Running')"}) {
    INFO(query);
    const std::string expected = room.ids(query);
    const int size = 1 + static_cast<int>(random.next() % 9);
    std::string seen;
    std::string token;
    do {
      const ActivityPage page = room.list(query, size, token);
      if (!page.rows.empty()) seen += (seen.empty() ? "" : " ") + ProjectionRoom::ids_of(page);
      token = page.next_page_token;
      happen(random.next() % 12);
    } while (!token.empty());
    CHECK(seen == expected);
  }
}

TEST_CASE("a page of huge items is cut where a message must end", "[server][visibility]") {
  ProjectionRoom room;
  for (std::uint64_t row = 1; row <= 200; ++row) {
    ActivityRow one = activity(row);
    one.search_attributes.assign(40'000, 'x');
    room.put(one);
  }
  std::set<std::uint64_t> seen;
  std::string token;
  int pages = 0;
  do {
    const ActivityPage page = room.list("", 1000, token);
    std::size_t bytes = 0;
    for (const ActivityRow& row : page.rows) {
      bytes += row.search_attributes.size();
      CHECK(seen.insert(row.row).second);
    }
    CHECK(bytes < 3'500'000);
    token = page.next_page_token;
    ++pages;
  } while (!token.empty());
  CHECK(seen.size() == 200);
  CHECK(pages == 3);
}
