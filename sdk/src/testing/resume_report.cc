#include "testing/resume_report.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/one_line.h"
#include "base/utf8.h"

namespace longbeat::internal {
namespace {

constexpr std::size_t kShownBytes = 300;

std::string beginning_of(std::string_view text) {
  const auto beginning = utf8_beginning(text, kShownBytes);
  std::string shown = one_line(beginning);
  if (beginning.size() < text.size()) shown += "... (" + std::to_string(text.size()) + " bytes)";
  return shown;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string shown_line(const std::vector<std::string_view>& lines, std::size_t at) {
  return at < lines.size() ? "'" + beginning_of(lines[at]) + "'" : "nothing";
}

std::string count_text(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string shown_result(const Result<Payloads>& result) {
  return result ? shown(*result) : beginning_of(to_string(result.error()));
}

bool same(const Result<Payloads>& one, const Result<Payloads>& other) {
  return one && other && *one == *other;
}

/// "line 3: 'x', uninterrupted 'y'; 4 lines, uninterrupted 3".
std::string effects_difference(std::string_view run, std::string_view other, const std::string& other_is) {
  const auto there = lines_of(run), here = lines_of(other);
  std::size_t at = 0;
  while (at < std::min(there.size(), here.size()) && there[at] == here[at]) ++at;
  if (at == there.size() && at == here.size()) return "they differ in line ends only";
  std::string text = there.size() > 1 || here.size() > 1 ? "line " + std::to_string(at + 1) + ": " : "";
  text += shown_line(there, at) + ", " + other_is + " " + shown_line(here, at);
  if (there.size() != here.size())
    text += "; " + count_text(there.size(), "line") + ", " + other_is + " " + std::to_string(here.size());
  return text;
}

}  // namespace

std::string shown(const Payloads& values) {
  std::string text;
  for (const auto& value : values) {
    const auto encoding = encoding_of(value);
    const bool is_text = encoding.starts_with("json/") || (encoding == "binary/plain" && is_utf8(value.data));
    text += text.empty() ? "" : ", ";
    if (encoding == "binary/null") {
      text += "null";
    } else {
      text += is_text ? beginning_of(value.data)
                      : beginning_of(encoding) + " of " + std::to_string(value.data.size()) + " bytes";
    }
  }
  return text.empty() ? "nothing" : text;
}

std::vector<std::size_t> resume_points(std::size_t heartbeats, std::size_t points_max) {
  std::vector<std::size_t> points;
  const std::size_t count = std::min(heartbeats, std::max<std::size_t>(points_max, 1));
  for (std::size_t i = 0; i < count; ++i) points.push_back(count == 1 ? 1 : 1 + i * (heartbeats - 1) / (count - 1));
  return points;
}

std::string how_it_ended(const ResumeRun& run, std::chrono::milliseconds time_limit) {
  const std::string where = " after " + count_text(run.story.heartbeats, "heartbeat");
  switch (run.end) {
    case ResumeRun::End::kNotStarted:
      return "could not be started: " + run.trouble;
    case ResumeRun::End::kTimedOut:
      return "had not ended" + where + " and " + std::to_string(time_limit.count()) + " ms, and was killed";
    case ResumeRun::End::kSignaled:
      return "was killed by signal " + std::to_string(run.code) + " (" + ::strsignal(run.code) + ")" + where;
    case ResumeRun::End::kUntold:
      return "ended" + where + ", and somebody else in this program was told how (a waitpid() for all children?)";
    case ResumeRun::End::kExited:
      break;
  }
  if (run.story.ending) return "ran to the end, with " + count_text(run.story.heartbeats, "heartbeat");
  return "left its process with exit code " + std::to_string(run.code) + where;
}

std::string differences(const ResumeEnding& run, const ResumeEnding& other, const std::string& other_is) {
  std::string text;
  const auto add = [&](const char* what, const std::string& how) { text += std::string("\n  ") + what + ": " + how; };
  if (!same(run.result, other.result))
    add("result", shown_result(run.result) + ", " + other_is + " " + shown_result(other.result));
  if (!run.observed) {
    add("effects", beginning_of(run.observed.error().message));
  } else if (*run.observed != *other.observed) {
    add("effects", effects_difference(*run.observed, *other.observed, other_is));
  }
  return text;
}

}  // namespace longbeat::internal
