#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "fake_worker.h"
#include "longbeat/log.h"
#include "support/toy_codecs.h"

namespace longbeat::test {

using Mood = Reversing::Mood;

inline Payload json(const std::string& text) {
  return make_payload("json/plain", text);
}

/// A worker whose client has codecs.
struct CodecRoom {
  explicit CodecRoom(bool hides_texts = false, bool has_codec = true)
      : worker(2, std::chrono::seconds(60),
               has_codec ? WireFormat({codec}, hides_texts) : WireFormat({}, hides_texts)) {}

  std::shared_ptr<Reversing> codec = std::make_shared<Reversing>();
  WireFormat format{{codec}, false};
  FakeWorker worker;

  Payloads on_the_wire(const std::string& text) const { return format.encode({json(text)}).value(); }
  ActivityTask task() const {
    auto task = FakeWorker::task();
    task.input = on_the_wire("7");
    return task;
  }
  std::string read(const Payloads& sent) const { return text_of(format.decode(sent).value()); }
  std::size_t begun() const { return worker.executor.inputs.size(); }
  /// As begin(), for tasks that do not get as far as the function.
  void give(ActivityTask task) {
    worker.start();
    worker.stub.give(std::move(task));
    worker.loop.run_ready();
  }
};

/// What is logged while it lives.
class Lines {
 public:
  Lines() {
    set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      all_ += std::string(record.message) + "\n";
    });
  }
  ~Lines() { set_log_sink({}); }
  std::string all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_{};
  std::string all_{};
};

}  // namespace longbeat::test
