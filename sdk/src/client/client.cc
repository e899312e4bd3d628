#include "longbeat/client.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "client/calls.h"
#include "client/client_core.h"

namespace longbeat::internal {

std::string default_identity() {
  std::array<char, 256> host{};
  const bool named = gethostname(host.data(), host.size() - 1) == 0;
  return std::to_string(getpid()) + "@" + (named ? host.data() : "unknown-host");
}

std::shared_ptr<ClientCore> core_from(ClientOptions options) {
  auto core = std::make_shared<ClientCore>();
  core->address = std::move(options.address);
  core->namespace_name = std::move(options.namespace_name);
  core->identity = options.identity.empty() ? default_identity() : std::move(options.identity);
  core->converter = std::move(options.converter);
  core->interceptors = std::move(options.interceptors);
  core->call_timeout = options.call_timeout;
  return core;
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

std::string_view to_string(ActivityStatus status) noexcept {
  switch (status) {
    case ActivityStatus::kRunning:
      return "Running";
    case ActivityStatus::kCompleted:
      return "Completed";
    case ActivityStatus::kFailed:
      return "Failed";
    case ActivityStatus::kCanceled:
      return "Canceled";
    case ActivityStatus::kTerminated:
      return "Terminated";
    case ActivityStatus::kTimedOut:
      return "TimedOut";
    case ActivityStatus::kPaused:
      return "Paused";
    case ActivityStatus::kUnspecified:
      break;
  }
  return "Unspecified";
}

std::string_view to_string(ActivityRunState state) noexcept {
  switch (state) {
    case ActivityRunState::kScheduled:
      return "Scheduled";
    case ActivityRunState::kStarted:
      return "Started";
    case ActivityRunState::kCancelRequested:
      return "CancelRequested";
    case ActivityRunState::kPaused:
      return "Paused";
    case ActivityRunState::kPauseRequested:
      return "PauseRequested";
    case ActivityRunState::kUnspecified:
      break;
  }
  return "Unspecified";
}

Result<ActivityDescription> ActivityHandleBase::describe() const {
  return internal::describe_activity(*core_, id_, run_id_);
}

Result<> ActivityHandleBase::cancel(std::string reason) const {
  return internal::request_cancel(*core_, id_, run_id_, std::move(reason));
}

Result<Payloads> ActivityHandleBase::raw_result(const WaitOptions& options) const {
  return internal::wait_for_result(*core_, id_, run_id_, options);
}

const DataConverter& ActivityHandleBase::converter() const {
  return core_->converter;
}

Result<std::string> Client::start_run(std::string_view type, const StartOptions& options, Payloads input) const {
  return internal::start_activity(*core_, type, options, std::move(input));
}

const DataConverter& Client::converter() const {
  return core_->converter;
}

ClientStats Client::stats() const {
  const auto& counters = *core_->counters;
  return {counters.calls.load(), counters.failed_calls.load(), counters.retries.load()};
}

LONGBEAT_END
