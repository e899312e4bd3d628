// Errors and failures over several lines, for people.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/failure_text.h"
#include "base/one_line.h"
#include "base/utf8.h"
#include "longbeat/data_converter.h"
#include "longbeat/failure.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

namespace {

constexpr std::size_t kShownBytes = 500;
constexpr std::size_t kShownValues = 10;
/// Of a chain of causes; more are only counted.
constexpr int kShownCauses = 100;

/// On one line. Tabs stay: stack traces begin with them.
std::string one_line(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto end = std::min(text.find('\t'), text.size());
    internal::append_one_line(shown, text.substr(0, end));
    if (end < text.size()) shown += '\t';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return shown;
}

/// The same, cut after kShownBytes.
std::string beginning_of(std::string_view text) {
  const auto beginning = internal::utf8_beginning(text, kShownBytes);
  std::string shown = one_line(beginning);
  if (beginning.size() < text.size()) shown += "... (" + std::to_string(text.size()) + " bytes)";
  return shown;
}

/// Lines, each at the depth of its failure.
class Lines {
 public:
  void add(const std::string& text) {
    if (!all_.empty()) all_ += '\n';
    all_.append(depth_ * 2, ' ');
    all_ += text;
  }
  void field(const char* name, const std::string& value) {
    if (!value.empty()) add(std::string(name) + ": " + value);
  }
  /// Text of several lines, each indented.
  void block(const char* name, std::string_view text) {
    if (text.empty()) return;
    add(std::string(name) + ":");
    ++depth_;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      add(one_line(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    --depth_;
  }
  void indent() { ++depth_; }
  void outdent() { --depth_; }
  std::string take() { return std::move(all_); }

 private:
  std::string all_{};
  std::size_t depth_ = 0;
};

std::string shown(const Payload& payload) {
  const auto encoding = internal::encoding_of(payload);
  if (encoding == "binary/null") return "null";
  const bool text = encoding.starts_with("json/") || (encoding == "binary/plain" && internal::is_utf8(payload.data));
  if (text) return beginning_of(payload.data);
  return (encoding.empty() ? "no encoding" : beginning_of(encoding)) + ", " + std::to_string(payload.data.size()) +
         " bytes";
}

std::string shown(std::chrono::nanoseconds duration) {
  if (duration.count() % 1'000'000 == 0) return std::to_string(duration.count() / 1'000'000) + " ms";
  return std::to_string(duration.count()) + " ns";
}

void add_details(Lines& lines, const Failure& failure) {
  if (failure.details.empty()) return;
  const char* name = failure.kind == FailureKind::kTimeout ? "last heartbeat details" : "details";
  if (failure.details.size() == 1) return lines.field(name, shown(failure.details.front()));
  lines.add(std::string(name) + ":");
  lines.indent();
  for (std::size_t i = 0; i < std::min(failure.details.size(), kShownValues); ++i)
    lines.add("- " + shown(failure.details[i]));
  if (failure.details.size() > kShownValues)
    lines.add("- and " + std::to_string(failure.details.size() - kShownValues) + " more");
  lines.outdent();
}

void add_rest(Lines& lines, const Failure& failure) {
  if (failure.kind == FailureKind::kApplication || failure.kind == FailureKind::kServer)
    lines.add(failure.non_retryable ? "not retryable" : "retryable");
  if (failure.next_retry_delay) lines.field("next retry delay", shown(*failure.next_retry_delay));
  lines.field("identity", one_line(failure.identity));
  lines.field("source", one_line(failure.source));
  add_details(lines, failure);
  if (failure.encoded_attributes) lines.field("hidden message and stack trace", shown(*failure.encoded_attributes));
  lines.block("stack trace", failure.stack_trace);
}

void add_failure(Lines& lines, const char* title, const Failure& first) {
  int left = kShownCauses;
  std::string before = title;
  std::size_t depth = 0;
  for (const Failure* failure = &first; failure != nullptr; failure = failure->cause.get(), --left) {
    if (left == 0) {
      lines.add("caused by: more");
      break;
    }
    lines.add(before + internal::one_line(internal::labelled_message(*failure)));
    lines.indent();
    ++depth;
    add_rest(lines, *failure);
    before = "caused by: ";
  }
  for (; depth > 0; --depth) lines.outdent();
}

}  // namespace

std::string in_full(const Failure& failure) {
  Lines lines;
  add_failure(lines, "", failure);
  return lines.take();
}

std::string in_full(const Error& error) {
  Lines lines;
  lines.add(to_string(error));
  lines.indent();
  lines.field("run ID", error.run_id);
  if (error.failure) add_failure(lines, "failure: ", *error.failure);
  return lines.take();
}

LONGBEAT_END
