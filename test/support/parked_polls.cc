#include "support/parked_polls.h"

#include <stdexcept>
#include <utility>

namespace longbeat::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience{62'000};  // The server answers after a minute.
constexpr seconds kSettle{30};

void count(ParkedPolls::Ended& ended, const grpc::Status& status, const wire::PollActivityTaskQueueResponse& response) {
  if (status.ok() && response.task_token().empty()) {
    ++ended.empty;
  } else if (status.ok()) {
    ++ended.with_task;
  } else if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    ++ended.unavailable;
  } else if (status.error_code() == grpc::StatusCode::CANCELLED) {
    ++ended.canceled;
  } else if (ended.oddity.empty()) {
    ended.oddity = std::to_string(status.error_code()) + " " + status.error_message();
  }
}

}  // namespace

ParkedPolls::ParkedPolls(const std::string& address, Options options, OnTask on_task)
    : options_(std::move(options)), on_task_(std::move(on_task)), client_(address, options_.connections) {
  request_.set_namespace_("default");
  request_.set_identity("parked@host");
}

std::string ParkedPolls::queue(std::size_t number) const {
  return options_.queue_prefix + std::to_string(number % options_.queues);
}

void ParkedPolls::send(std::size_t queue_number) {
  request_.mutable_task_queue()->set_name(queue(queue_number));
  ++waiting_;
  client_.call(kPollTask, request_, kPatience, [this, sent = Sent{queue_number, era_}](const auto& answer) {
    book(sent, answer.status, answer.response, answer.arrived);
  });
}

void ParkedPolls::book(Sent sent, const grpc::Status& status, const wire::PollActivityTaskQueueResponse& response,
                       Time arrived) {
  --waiting_;
  count(ended_, status, response);
  if (sent.era < era_) {
    --followed_waiting_;
    count(followed_, status, response);
  }
  if (!status.ok()) return;
  if (renew_) send(sent.queue_number);
  if (on_task_ && !response.task_token().empty()) on_task_(response, arrived);
}

void ParkedPolls::follow() {
  ++era_;
  followed_ = {};
  followed_waiting_ = waiting_;
}

void ParkedPolls::park() {
  for (std::size_t i = 0; i < options_.polls; ++i) send(i);
  // Calls of one connection arrive in order: these arrive behind the polls. The second time also the server's loop,
  // which reads what has arrived one after the other, has come to the last of them.
  std::size_t answered = 0;
  std::string error;
  for (std::size_t round = 1; round <= 2; ++round) {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      client_.call(kGetSystemInfo, wire::GetSystemInfoRequest(), kSettle, [&](const auto& answer) {
        ++answered;
        if (!answer.ok()) error = answer.status.error_message();
      });
    }
    while (answered < round * options_.connections) client_.run_one(Clock::now() + kSettle);
  }
  if (!error.empty()) throw std::runtime_error("the server does not answer next to its polls: " + error);
}

void ParkedPolls::give_up() {
  client_.cancel_all();
  while (waiting_ > 0) {
    if (!client_.run_one(Clock::now() + kSettle)) throw std::runtime_error("polls that were given up do not end");
  }
}

}  // namespace longbeat::test
