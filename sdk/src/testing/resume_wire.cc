#include "testing/resume_wire.h"

#include <utility>

#include "longbeat/wire_codec.h"

namespace longbeat::internal {
namespace {

constexpr char kHeartbeat = 'h', kDetails = 'd', kEnding = 'e';

/// Appends numbers, texts and what is made of them.
class Writer {
 public:
  void number(std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) bytes_ += static_cast<char>(value >> (8 * byte) & 0xff);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void payloads(const Payloads& values) {
    number(values.size());
    for (const auto& value : values) text(serialize_payload(value));
  }
  void error(const Error& error) {
    number(static_cast<std::uint64_t>(error.code));
    text(error.message);
  }
  void result(const Result<Payloads>& result) {
    number(result.ok() ? 1 : 0);
    result.ok() ? payloads(*result) : error(result.error());
  }
  void result(const Result<std::string>& result) {
    number(result.ok() ? 1 : 0);
    result.ok() ? text(*result) : error(result.error());
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_{};
};

/// The reverse. Once something is missing, everything that follows is.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }

  char mark() {
    if (left_.empty()) return fail(), '\0';
    const char value = left_.front();
    left_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    if (left_.size() < 8) return fail(), 0;
    std::uint64_t value = 0;
    for (std::size_t byte = 0; byte < 8; ++byte)
      value |= std::uint64_t{static_cast<unsigned char>(left_[byte])} << (8 * byte);
    left_.remove_prefix(8);
    return value;
  }
  std::string text() {
    const auto size = number();
    if (!ok_ || left_.size() < size) return fail(), std::string();
    std::string value(left_.substr(0, size));
    left_.remove_prefix(size);
    return value;
  }
  Payloads payloads() {
    Payloads values;
    for (auto count = number(); ok_ && count > 0; --count) {
      auto value = parse_payload(text());
      if (!value) fail();
      if (ok_) values.push_back(*std::move(value));
    }
    return values;
  }
  Error error() {
    const auto code = number();
    return {static_cast<ErrorCode>(code), text(), {}, {}};
  }
  Result<Payloads> payloads_result() {
    if (number() == 1) return payloads();
    return error();
  }
  Result<std::string> text_result() {
    if (number() == 1) return text();
    return error();
  }

 private:
  void fail() {
    ok_ = false;
    left_ = {};
  }
  std::string_view left_;
  bool ok_ = true;
};

std::string marked(char mark, std::string bytes) {
  bytes.insert(bytes.begin(), mark);
  return bytes;
}

}  // namespace

std::string written(const ResumeOrder& order) {
  Writer writer;
  writer.text(order.activity);
  writer.number(order.check);
  writer.number(order.resumes ? 1 : 0);
  writer.payloads(order.details);
  writer.number(order.kill_after);
  return writer.take();
}

std::optional<ResumeOrder> read_order(std::string_view bytes) {
  Reader reader(bytes);
  ResumeOrder order;
  order.activity = reader.text();
  order.check = reader.number();
  order.resumes = reader.number() == 1;
  order.details = reader.payloads();
  order.kill_after = reader.number();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return order;
}

std::string written_heartbeat() {
  return std::string(1, kHeartbeat);
}

std::string written_details(const Result<Payloads>& details) {
  Writer writer;
  writer.result(details);
  return marked(kDetails, writer.take());
}

std::string written_ending(const ResumeEnding& ending) {
  Writer writer;
  writer.result(ending.result);
  writer.result(ending.observed);
  return marked(kEnding, writer.take());
}

ResumeStory read_story(std::string_view bytes) {
  ResumeStory story;
  Reader reader(bytes);
  while (!reader.at_end()) {
    const char mark = reader.mark();
    if (mark == kHeartbeat) {
      ++story.heartbeats;
    } else if (mark == kDetails) {
      auto details = reader.payloads_result();
      if (reader.ok()) story.details = std::move(details);
    } else if (mark == kEnding) {
      ResumeEnding ending;
      ending.result = reader.payloads_result();
      ending.observed = reader.text_result();
      if (reader.ok()) story.ending = std::move(ending);
    } else {
      return story;
    }
  }
  return story;
}

}  // namespace longbeat::internal
