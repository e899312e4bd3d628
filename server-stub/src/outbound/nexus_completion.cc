#include "outbound/nexus_completion.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "longbeat/export.h"

namespace longbeat::server {
namespace {

std::string_view to_string(CompletionState state) {
  switch (state) {
    case CompletionState::kSucceeded:
      return "succeeded";
    case CompletionState::kFailed:
      return "failed";
    case CompletionState::kCanceled:
      return "canceled";
  }
  return "failed";
}

std::string small(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

/// State, body and connection are told by us; another value would make the request say what is not so.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kReserved = {
      "nexus-operation-state", "host",    "connection", "keep-alive",      "te", "trailer",
      "transfer-encoding",     "upgrade", "expect",     "proxy-connection"};
  return name.starts_with("content-") || std::ranges::find(kReserved, name) != kReserved.end();
}

struct Civil {
  int year;
  unsigned month, day, weekday;
  int hour, minute, second;
  long long nanosecond;
};

Civil civil(internal::WallTime time) {
  using namespace std::chrono;
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss<nanoseconds> clock(time - days);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          weekday(days).c_encoding(),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          clock.subseconds().count()};
}

}  // namespace

std::string http_time(internal::WallTime time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil at = civil(time);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[at.weekday], at.day,
                kMonths[at.month - 1], at.year, at.hour, at.minute, at.second);
  return text;
}

std::string rfc3339_time(internal::WallTime time) {
  const Civil at = civil(time);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09lld", at.year, at.month, at.day, at.hour,
                at.minute, at.second, at.nanosecond);
  std::string out = text;
  while (out.ends_with("000")) out.resize(out.size() - 3);
  if (out.ends_with('.')) out.pop_back();
  return out + 'Z';
}

std::map<std::string, std::string> completion_headers(const NexusCompletion& completion) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : completion.given) {
    std::string key = small(name);
    if (!is_reserved(key)) headers.insert_or_assign(std::move(key), value);
  }
  headers.emplace("user-agent", "longbeat/" LONGBEAT_VERSION);
  headers.emplace("nexus-operation-start-time", http_time(completion.start_time));
  headers.emplace("nexus-operation-close-time", rfc3339_time(completion.close_time));
  headers.insert_or_assign("nexus-operation-state", std::string(to_string(completion.state)));
  for (const auto& [name, value] : completion.content) {
    std::string key = "content-" + small(name);
    if (key != "content-length") headers.insert_or_assign(std::move(key), value);
  }
  return headers;
}

}  // namespace longbeat::server
