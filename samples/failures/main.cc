#include <longbeat/client.h>
#include <longbeat/failure.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <string>

#include "../common/command_line.h"

using namespace std::chrono_literals;
using longbeat::ApplicationError;
using longbeat::ErrorCode;

inline constexpr longbeat::Activity<std::string(int amount)> charge{"charge"};
inline constexpr longbeat::Activity<std::string()> ask_bank{"ask_bank"};

std::string run_charge(longbeat::ActivityContext& ctx, int amount) {
  if (amount < 0) throw ApplicationError("amounts are positive", {.type = "BadAmount"});
  if (amount > 1000) {  // Final, with details that the caller can read.
    const auto details = ctx.converter().to_payloads(1000).value();
    throw ApplicationError("over the limit", {.type = "CardDeclined", .non_retryable = true, .details = details});
  }
  const auto attempt = ctx.info().attempt;
  if (attempt < 3) throw ApplicationError("try later", {.type = "Busy", .next_retry_delay = 10ms});
  return "charged " + std::to_string(amount) + " in attempt " + std::to_string(attempt);
}

std::string run_ask_bank(longbeat::ActivityContext& ctx) {
  ctx.heartbeat("line is busy");
  ctx.sleep_for(1h);  // No sign of life any more; cut short when the lease is over.
  ctx.throw_if_stopped();
  return "answered";
}

/// What a caller does about each way to end.
void report(const longbeat::Client& client, const longbeat::Result<std::string>& result) {
  if (result) {
    std::cout << *result << "\n";
    return;
  }
  const longbeat::Error& error = result.error();
  if (error.code == ErrorCode::kActivityFailed && error.failure->type == "CardDeclined") {
    const auto limit = client.converter().details<int>(*error.failure).value();
    std::cout << "declined: the limit is " << limit.value_or(0) << "\n";
  } else if (error.code == ErrorCode::kActivityFailed) {
    std::cout << "failed: " << to_string(*error.failure) << "\n";
  } else if (error.code == ErrorCode::kActivityTimedOut) {
    const auto last = client.converter().details<std::string>(*error.failure).value();
    std::cout << "timed out (" << to_string(error.failure->timeout_type) << "), last heard: '"
              << last.value_or("nothing") << "'\n";
  } else {
    throw longbeat::ResultError(error);  // Not the activity's end: no server, or a mistake in the options.
  }
}

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "failures"});
  worker.serve(charge, run_charge);
  worker.serve(ask_bank, run_ask_bank);
  worker.start().value();

  longbeat::StartOptions options{.id = "charge-1", .task_queue = "failures", .schedule_to_close_timeout = 30s};
  options.retry_policy = {.initial_interval = 1s, .non_retryable_error_types = {"BadAmount"}};
  report(client, client.execute(charge, options, 50));
  report(client, client.execute(charge, options, 5000));
  report(client, client.execute(charge, options, -1));

  options.heartbeat_timeout = 1s;
  options.retry_policy = {.maximum_attempts = 1};
  report(client, client.execute(ask_bank, options));
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
