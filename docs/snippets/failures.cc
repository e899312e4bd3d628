#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

struct Answer {
  int status = 200;
  std::chrono::seconds retry_after{0};
  std::string text;
};
Answer ask_bank(const std::string& order);
inline constexpr longbeat::Activity<std::string(std::string order)> charge{"charge"};

// [throw]
std::string run_charge(longbeat::ActivityContext& ctx, const std::string& order) {
  const Answer answer = ask_bank(order);
  if (answer.status == 402)
    throw longbeat::ApplicationError(
        "the card was declined",
        {.type = "CardDeclined", .non_retryable = true, .details = ctx.converter().to_payloads(answer.text).value()});
  if (answer.status == 429)
    throw longbeat::ApplicationError("the bank is busy", {.type = "Busy", .next_retry_delay = answer.retry_after});
  if (answer.status != 200) throw std::runtime_error("the bank answered " + std::to_string(answer.status));
  return answer.text;
}
// [end]

// [nested]
std::string run_with_cause(longbeat::ActivityContext& ctx, const std::string& order) {
  try {
    return run_charge(ctx, order);
  } catch (...) {
    std::throw_with_nested(longbeat::ApplicationError("order " + order, {.type = "ChargeFailed"}));
  }
}
// [end]

// [returned]
longbeat::Result<std::string> run_other(longbeat::ActivityContext& ctx, const std::string& order) {
  auto client = ctx.client();
  if (!client) return client.error();
  return client->execute(charge, {.id = "charge:" + order, .task_queue = "billing", .start_to_close_timeout = 1min},
                         order);
}
// [end]

longbeat::StartOptions patient(const std::string& order) {
  // [policy]
  return {
      .id = "charge:" + order,
      .task_queue = "billing",
      .start_to_close_timeout = 1min,
      .schedule_to_close_timeout = 2h,
      .retry_policy = longbeat::RetryPolicy{.initial_interval = 2s,
                                            .backoff_coefficient = 2,
                                            .maximum_interval = 5min,
                                            .maximum_attempts = 20,
                                            .non_retryable_error_types = {"UnknownOrder"}},
  };
  // [end]
}

// [caller]
void report(const longbeat::Client& client, const longbeat::ActivityHandle<std::string>& handle) {
  using longbeat::ErrorCode;
  const auto receipt = handle.result();
  if (receipt) {
    std::cout << *receipt << "\n";
    return;
  }
  const auto& error = receipt.error();
  std::cerr << error << "\n";  // One line with the chain of causes.
  switch (error.code) {
    case ErrorCode::kActivityFailed:  // error.failure is set for this and the next three.
      if (const auto* declined = error.failure->find("CardDeclined")) {  // Also when it is the cause of another one.
        const auto why = client.converter().details<std::string>(*declined);
        if (why && *why) std::cerr << "ask for another card: " << **why << "\n";
      }
      break;
    case ErrorCode::kActivityTimedOut:
      std::cerr << "limit: " << to_string(error.failure->timeout_type) << "\n";
      break;
    case ErrorCode::kActivityCanceled:
    case ErrorCode::kActivityTerminated:
      break;
    default:  // Not about the activity: it goes on, or there is none.
      std::cerr << in_full(error) << "\n";
  }
}
// [end]

// [exceptions]
std::string or_throw(const longbeat::Client& client, const std::string& order) {
  try {
    return client.execute(charge, patient(order), order).value();
  } catch (const longbeat::ResultError& thrown) {
    if (thrown.error().code == longbeat::ErrorCode::kActivityTimedOut) return "late";
    throw;
  }
}
// [end]
