#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// [client]
/// Logs each call with its duration, and tells the worker who is behind it.
class Caller final : public longbeat::ClientInterceptor {
 public:
  explicit Caller(longbeat::Payload tenant) : tenant_(std::move(tenant)) {}

  longbeat::Result<CallEnded> call(longbeat::ClientCallParams& params) override {
    if (params.operation == "StartActivityExecution") params.header["tenant"] = tenant_;
    const auto began = std::chrono::steady_clock::now();
    return [began, what = params.operation + " " + params.activity_id](const longbeat::Result<>& ended) {
      write(what, std::chrono::steady_clock::now() - began, ended.ok());
    };
  }

 private:
  static void write(const std::string& what, std::chrono::nanoseconds took, bool ok);
  longbeat::Payload tenant_;
};
// [end]

// [worker]
/// Refuses what comes without a tenant.
class NeedsTenant final : public longbeat::WorkerInterceptor {
 public:
  longbeat::Payloads execute_activity(longbeat::ExecuteActivityParams params, const Next& next) override {
    const auto& info = params.context.info();
    if (!info.header.contains("tenant")) throw longbeat::ApplicationError("no tenant", {.non_retryable = true});
    return next(std::move(params));
  }
  void attempt_ended(longbeat::ActivityContext& context, const longbeat::AttemptEnd& end) override {
    context.logger().info("attempt ended", {{"how", to_string(end.kind)}});
  }
};
// [end]

longbeat::Result<longbeat::Client> connect(const std::string& name) {
  // [use]
  auto tenant = longbeat::DataConverter().to_payload(name);
  if (!tenant) return tenant.error();
  auto client = longbeat::Client::connect({.interceptors = {std::make_shared<Caller>(*tenant)}});
  if (!client) return client;
  longbeat::Worker worker(*client, {.task_queue = "files", .interceptors = {std::make_shared<NeedsTenant>()}});
  // [end]
  return client;
}
