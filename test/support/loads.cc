#include "support/loads.h"

#include <google/protobuf/wrappers.pb.h>

#include <algorithm>
#include <deque>
#include <random>
#include <stdexcept>
#include <vector>

#include "base/status.h"

namespace longbeat::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::temporal::api::common::v1::Payloads;

constexpr milliseconds kNoDeadline{0};
constexpr milliseconds kPollDeadline{30'000};  // The protocol demands one on polls; elsewhere it would cost CPU.
constexpr seconds kSettle{30};                 // For calls to end after the last one was begun.
constexpr milliseconds kRest{20};              // After an error, so that a server that refuses is not stormed.

std::string describe(const char* what, const grpc::Status& status) {
  const std::string code(to_string(static_cast<internal::StatusCode>(status.error_code())));
  return std::string(what) + ": " + (status.error_message() == code ? code : code + " " + status.error_message());
}

/// `bytes` of details that differ for every `number`.
void fill(Payloads& payloads, std::uint64_t number, std::size_t bytes) {
  if (payloads.payloads_size() == 0) {
    auto& metadata = *payloads.add_payloads()->mutable_metadata();
    metadata["encoding"] = "binary/plain";
  }
  std::string& data = *payloads.mutable_payloads(0)->mutable_data();
  data = std::to_string(number);
  data.resize(std::max(bytes, data.size()), '.');
}

/// Calls `begin` for 0 .. total-1, 64 at a time, each with a function to be called at its end.
void run_all(WireClient& client, std::size_t total,
             const std::function<void(std::size_t index, std::function<void(const std::string& error)> end)>& begin) {
  std::size_t begun = 0;
  std::size_t ended = 0;
  std::string first_error;
  std::function<void()> next = [&] {
    if (begun == total) return;
    begin(begun++, [&](const std::string& error) {
      ++ended;
      if (!error.empty() && first_error.empty()) first_error = error;
      if (first_error.empty()) next();
    });
  };
  for (std::size_t i = 0; i < 64; ++i) next();
  while (client.outstanding() > 0) {
    if (!client.run_one(Clock::now() + kSettle)) throw std::runtime_error("the server answers nothing any more");
  }
  if (!first_error.empty()) throw std::runtime_error(first_error);
}

class EchoLoad final : public Load {
 public:
  explicit EchoLoad(WireClient& client) : client_(client) { request_.set_value(std::string(100, 'e')); }
  void prepare(std::size_t) override {}
  bool launch(Done done) override {
    client_.call(kEcho, request_, kNoDeadline, [this, done = std::move(done)](const auto& answer) {
      const bool same = answer.response.value() == request_.value();
      done(!answer.ok() ? describe("echo", answer.status)
           : same       ? ""
                        : "echo: other bytes came back",
           answer.latency());
    });
    return true;
  }

 private:
  static constexpr WireMethod<google::protobuf::BytesValue, google::protobuf::BytesValue> kEcho{"/longbeat.Bench/Echo"};
  WireClient& client_;
  google::protobuf::BytesValue request_{};
};

class SystemInfoLoad final : public Load {
 public:
  explicit SystemInfoLoad(WireClient& client) : client_(client) {}
  void prepare(std::size_t) override {}
  bool launch(Done done) override {
    client_.call(kGetSystemInfo, wire::GetSystemInfoRequest(), kNoDeadline,
                 [done = std::move(done)](const auto& answer) {
                   done(answer.ok() ? "" : describe("system info", answer.status), answer.latency());
                 });
    return true;
  }

 private:
  WireClient& client_;
};

/// The requests all loads share, made once and changed in place.
class ServerLoad : public Load {
 public:
  explicit ServerLoad(WireClient& client, const LoadTarget& target = {}, std::int64_t heartbeat_seconds = 600)
      : client_(client) {
    static int loads = 0;  // Two loads on one server share neither IDs nor a queue, nor do two runs on one file.
    static const std::string run = std::to_string(std::random_device()() % 1'000'000);
    name_ = "bench-" + run + "-" + std::to_string(++loads);
    start_.set_namespace_(target.namespace_name);
    start_.set_identity("longbeat-bench@host");
    start_.mutable_activity_type()->set_name("bench_activity");
    start_.mutable_task_queue()->set_name(name_ + "-queue");
    start_.mutable_start_to_close_timeout()->set_seconds(3600);
    start_.mutable_heartbeat_timeout()->set_seconds(heartbeat_seconds);
    if (target.schedule_to_close_seconds > 0) {
      start_.mutable_schedule_to_close_timeout()->set_seconds(target.schedule_to_close_seconds);
    }
    fill(*start_.mutable_input(), 0, 120);
    poll_.set_namespace_(target.namespace_name);
    poll_.set_identity("longbeat-bench@host");
    poll_.mutable_task_queue()->set_name(name_ + "-queue");
    completed_.set_namespace_(target.namespace_name);
    completed_.set_identity("longbeat-bench@host");
    fill(*completed_.mutable_result(), 0, 120);
    outcome_.set_namespace_(target.namespace_name);
  }
  std::string task_queue() const override { return poll_.task_queue().name(); }

 protected:
  /// then(error, activity ID)
  template <class Then>
  void start(Then then) {
    std::string number = std::to_string(++started_);
    number.insert(0, number.size() < 12 ? 12 - number.size() : 0, '0');
    start_.set_activity_id(name_ + "-" + number);
    start_.set_request_id(name_ + "-request-" + number);
    client_.call(kStart, start_, kNoDeadline, [id = start_.activity_id(), then = std::move(then)](const auto& answer) {
      then(!answer.ok()                ? describe("start", answer.status)
           : answer.response.started() ? ""
                                       : "start: started nothing",
           id);
    });
  }
  /// then(error, task token)
  template <class Then>
  void poll(Then then) {
    client_.call(kPollTask, poll_, kPollDeadline, [then = std::move(then)](const auto& answer) {
      const std::string& token = answer.response.task_token();
      then(!answer.ok() ? describe("poll", answer.status) : token.empty() ? "poll: no task came" : "", token);
    });
  }
  /// then(error)
  template <class Then>
  void complete(const std::string& token, Then then) {
    completed_.set_task_token(token);
    client_.call(kCompleted, completed_, kNoDeadline, [then = std::move(then)](const auto& answer) {
      then(answer.ok() ? "" : describe("complete", answer.status));
    });
  }
  /// then(error)
  template <class Then>
  void outcome(const std::string& id, Then then) {
    outcome_.set_activity_id(id);
    client_.call(kPollOutcome, outcome_, kPollDeadline, [then = std::move(then)](const auto& answer) {
      then(!answer.ok()                             ? describe("poll outcome", answer.status)
           : answer.response.outcome().has_result() ? ""
                                                    : "poll outcome: no result came");
    });
  }
  WireClient& client() { return client_; }

 private:
  WireClient& client_;
  std::string name_{};
  wire::StartActivityExecutionRequest start_{};
  wire::PollActivityTaskQueueRequest poll_{};
  wire::RespondActivityTaskCompletedRequest completed_{};
  wire::PollActivityExecutionRequest outcome_{};
  std::uint64_t started_ = 0;
};

class StartLoad final : public ServerLoad {
 public:
  using ServerLoad::ServerLoad;
  void prepare(std::size_t) override {}
  bool launch(Done done) override {
    start([done = std::move(done), begun = Clock::now()](const std::string& error, const std::string&) {
      done(error, Clock::now() - begun);
    });
    return true;
  }
};

class PollCompleteLoad final : public ServerLoad {
 public:
  using ServerLoad::ServerLoad;
  void prepare(std::size_t operations) override {
    if (operations <= backlog_) return;
    run_all(client(), operations - backlog_, [this](std::size_t, auto end) {
      start([end](const std::string& error, const std::string&) { end(error); });
    });
    backlog_ = operations;
  }
  bool launch(Done done) override {
    if (backlog_ == 0) return false;
    --backlog_;
    poll([this, done = std::move(done), begun = Clock::now()](const std::string& error, const std::string& token) {
      if (!error.empty()) return done(error, Clock::now() - begun);
      complete(token, [done, begun](const std::string& failed) { done(failed, Clock::now() - begun); });
    });
    return true;
  }

 private:
  std::size_t backlog_ = 0;
};

/// Whoever polls may get another operation's task; as each operation starts one and polls one, all find one.
class ExecuteLoad final : public ServerLoad {
 public:
  using ServerLoad::ServerLoad;
  void prepare(std::size_t) override {}
  bool launch(Done done) override {
    auto end = [done = std::move(done), begun = Clock::now()](const std::string& error) {
      done(error, Clock::now() - begun);
    };
    start([this, end](const std::string& not_started, const std::string& id) {
      if (!not_started.empty()) return end(not_started);
      poll([this, end, id](const std::string& no_task, const std::string& token) {
        if (!no_task.empty()) return end(no_task);
        complete(token, [this, end, id](const std::string& not_completed) {
          if (!not_completed.empty()) return end(not_completed);
          outcome(id, end);
        });
      });
    });
    return true;
  }
};

class HeartbeatLoad final : public ServerLoad {
 public:
  HeartbeatLoad(WireClient& client, std::size_t open, std::size_t details_bytes, const LoadTarget& target)
      : ServerLoad(client, target), open_(open), details_bytes_(details_bytes) {
    beat_.set_namespace_(target.namespace_name);
    beat_.set_identity("longbeat-bench@host");
  }
  void prepare(std::size_t) override {
    if (!tokens_.empty()) return;
    run_all(client(), open_, [this](std::size_t, auto end) {
      start([end](const std::string& error, const std::string&) { end(error); });
    });
    run_all(client(), open_, [this](std::size_t, auto end) {
      poll([this, end](const std::string& error, const std::string& token) {
        tokens_.push_back(token);
        end(error);
      });
    });
  }
  bool launch(Done done) override {
    beat_.set_task_token(tokens_[random_() % tokens_.size()]);
    fill(*beat_.mutable_details(), ++beats_, details_bytes_);
    client().call(kHeartbeat, beat_, kNoDeadline, [done = std::move(done)](const auto& answer) {
      done(answer.ok() ? "" : describe("heartbeat", answer.status), answer.latency());
    });
    return true;
  }

 private:
  std::size_t open_;
  std::size_t details_bytes_;
  std::vector<std::string> tokens_{};
  wire::RecordActivityTaskHeartbeatRequest beat_{};
  std::uint64_t beats_ = 0;
  std::mt19937_64 random_{20'260'101};
};

}  // namespace

std::unique_ptr<Load> make_echo_load(WireClient& client) {
  return std::make_unique<EchoLoad>(client);
}
std::unique_ptr<Load> make_system_info_load(WireClient& client) {
  return std::make_unique<SystemInfoLoad>(client);
}
std::unique_ptr<Load> make_start_load(WireClient& client, const LoadTarget& target) {
  return std::make_unique<StartLoad>(client, target);
}
std::unique_ptr<Load> make_poll_complete_load(WireClient& client, std::int64_t heartbeat_seconds) {
  return std::make_unique<PollCompleteLoad>(client, LoadTarget(), heartbeat_seconds);
}
std::unique_ptr<Load> make_execute_load(WireClient& client, const LoadTarget& target) {
  return std::make_unique<ExecuteLoad>(client, target);
}
std::unique_ptr<Load> make_heartbeat_load(WireClient& client, std::size_t open, std::size_t details_bytes,
                                          const LoadTarget& target) {
  return std::make_unique<HeartbeatLoad>(client, open, details_bytes, target);
}

void run_closed_loop(WireClient& client, Load& load, std::size_t in_flight, Time until,
                     const std::function<void(Clock::duration latency)>& ended) {
  std::string first_error;
  std::function<void()> next = [&] {
    if (!first_error.empty() || Clock::now() >= until) return;
    load.launch([&](const std::string& error, Clock::duration latency) {
      if (!error.empty() && first_error.empty()) first_error = error;
      if (error.empty()) ended(latency);
      next();
    });
  };
  for (std::size_t i = 0; i < in_flight; ++i) next();
  while (client.outstanding() > 0) {
    if (!client.run_one(Clock::now() + kSettle)) throw std::runtime_error("the server answers nothing any more");
  }
  if (!first_error.empty()) throw std::runtime_error(first_error);
}

void run_tolerant_loop(WireClient& client, Load& load, std::size_t in_flight, Time until, Time give_up,
                       const Load::Done& ended) {
  std::deque<Time> resting;  // When each place that met an error begins anew, earliest first.
  const std::function<void()> next = [&] {
    if (Clock::now() >= until) return;
    load.launch([&](const std::string& error, Clock::duration latency) {
      ended(error, latency);
      if (error.empty()) return next();
      resting.push_back(Clock::now() + kRest);
    });
  };
  for (std::size_t i = 0; i < in_flight; ++i) next();
  while ((client.outstanding() > 0 || !resting.empty()) && Clock::now() < give_up) {
    client.run_one(resting.empty() ? give_up : std::min(resting.front(), give_up));
    for (; !resting.empty() && resting.front() <= Clock::now(); resting.pop_front()) next();
  }
  while (client.outstanding() > 0) {  // Also what one that had ended meanwhile goes on with.
    client.cancel_all();
    client.run_one(Clock::now() + kRest);
  }
}

}  // namespace longbeat::test
