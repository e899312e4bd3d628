#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;

inline constexpr longbeat::Activity<std::string(std::string question)> ask_a_person{"ask_a_person"};
struct Progress {
  int pages = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Progress, pages)

// Stand for a form on a web page, a message queue and a device.
void show(const std::string& question, std::function<void(std::string answer)> answered);
void publish(const std::string& message);
struct Message {
  std::string token, answer;
};
std::string print_page(int page);

// [here]
std::string ask(longbeat::ActivityContext& ctx, const std::string& question) {
  const auto later = std::make_shared<longbeat::LateCompletion>(ctx.complete_later());
  show(question, [later](const std::string& answer) {  // Any thread, hours later; no slot is taken meanwhile.
    if (auto done = later->complete(answer); !done) publish("too late: " + done.error().message);
  });
  return {};  // Ignored.
}
// [end]

// [elsewhere]
std::string ask_elsewhere(longbeat::ActivityContext& ctx, const std::string& question) {
  auto later = ctx.complete_later();
  const std::string token = later.task_token().bytes;  // Bytes, not text.
  publish(question + "|" + token);                     // If this throws, the attempt has failed and is tried again.
  later.release();                                     // From here on it is the other program's duty.
  return {};
}
// [end]

// [other_program]
void answered(const longbeat::Client& client, const Message& message) {
  const auto activity = client.async_activity(longbeat::TaskToken{message.token});
  const auto done = activity.complete(message.answer);
  if (!done && done.error().code == longbeat::ErrorCode::kNotFound) publish("it was canceled, or somebody else has it");
}
// [end]

// [by_id]
longbeat::Result<> refuse(const longbeat::Client& client, const std::string& id) {
  return client.async_activity(longbeat::ActivityById{.activity_id = id})
      .fail(longbeat::ApplicationError("nobody wants to answer", {.type = "Refused", .non_retryable = true}));
}
// [end]

// [heartbeats]
longbeat::Result<> print(const longbeat::Client& client, const longbeat::TaskToken& token) {
  const auto activity = client.async_activity(token, {.heartbeat_timeout = 1min});  // As it was started with.
  std::string text;
  for (int page = 1; page <= 100; ++page) {
    text += print_page(page);
    activity.heartbeat(Progress{page});
    if (activity.stopped()) return activity.report_canceled(Progress{page});  // Or paused, or gone: stop_causes().
  }
  return activity.complete(text);
}
// [end]
