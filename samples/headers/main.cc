#include <longbeat/client.h>
#include <longbeat/failure.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "../common/command_line.h"

using namespace std::chrono_literals;

/// For whom this thread works. A server of yours would set it for each request.
thread_local std::string current_user;

/// On the caller's side: the user goes along with each start, and no function has to pass it on.
class SendUser final : public longbeat::ClientInterceptor {
 public:
  longbeat::Result<CallEnded> call(longbeat::ClientCallParams& params) override {
    if (params.operation != "StartActivityExecution" || current_user.empty()) return CallEnded();
    auto user = longbeat::DataConverter().to_payload(current_user);
    if (!user) return std::move(user).error();  // Refuses the call.
    params.header["user"] = *std::move(user);
    return CallEnded();
  }
};

/// What an activity finds with ctx.attached<User>().
struct User {
  std::string name{};
};

/// On the worker's side: from the header into the context. Nobody works for nobody.
class ReceiveUser final : public longbeat::WorkerInterceptor {
 public:
  longbeat::Payloads execute_activity(longbeat::ExecuteActivityParams params, const Next& next) override {
    const auto& header = params.context.info().header;
    const auto user = header.find("user");
    if (user == header.end()) {
      throw longbeat::ApplicationError("the caller has to say for whom", {.type = "NoUser", .non_retryable = true});
    }
    params.context.attach(User{longbeat::DataConverter().from_payload<std::string>(user->second).value()});
    return next(std::move(params));
  }
};

inline constexpr longbeat::Activity<std::string(std::string month)> report{"report"};

std::string run_report(longbeat::ActivityContext& ctx, const std::string& month) {
  return "report of " + month + " for " + ctx.attached<User>()->name;
}

int main(int argc, char** argv) try {
  const auto send_user = std::make_shared<SendUser>();
  const auto client =
      longbeat::Client::connect({.address = address_of(argc, argv), .interceptors = {send_user}}).value();
  longbeat::Worker worker(client, {.task_queue = "headers", .interceptors = {std::make_shared<ReceiveUser>()}});
  worker.serve(report, run_report);
  worker.start().value();

  const longbeat::StartOptions options{.id = "report-1", .task_queue = "headers", .start_to_close_timeout = 10s};
  for (const char* user : {"alice", "bob", ""}) {
    current_user = user;
    const auto text = client.execute(report, options, "May");
    if (text) {
      std::cout << *text << "\n";
    } else if (text.error().code == longbeat::ErrorCode::kActivityFailed) {
      std::cout << "refused: " << text.error().failure->message << "\n";
    } else {
      throw longbeat::ResultError(text.error());
    }
  }
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
