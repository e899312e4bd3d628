#include "model/server_run.h"

#include <deque>
#include <map>
#include <set>

#include "model/player.h"
#include "support/wire_client.h"

namespace longbeat::model {
namespace {

using test::Clock;
using test::Time;

class ServerWire final : public Wire {
 public:
  ServerWire(const std::string& address, std::size_t connections) : client_(address, connections) {}

  CallId call(const std::string& rpc, const google::protobuf::MessageLite& request, std::chrono::milliseconds patience,
              Done done) override {
    const auto path = paths_.insert("/temporal.api.workflowservice.v1.WorkflowService/" + rpc).first;
    const grpc::Slice slice(request.SerializeAsString());
    const CallId id = ++last_call_;
    using Bytes = grpc::ByteBuffer;
    auto* context = client_.call(test::WireMethod<Bytes, Bytes>{path->c_str()}, Bytes(&slice, 1), patience,
                                 [this, id, done = std::move(done)](const test::Answer<Bytes>& answer) {
                                   contexts_.erase(id);
                                   done(answer.status, answer.response);
                                 });
    if (context != nullptr) contexts_[id] = context;
    return id;
  }
  void hang_up(CallId call) override {
    if (const auto found = contexts_.find(call); found != contexts_.end()) found->second->TryCancel();
  }

  test::WireClient& client() { return client_; }

 private:
  std::set<std::string> paths_{};
  std::map<CallId, grpc::ClientContext*> contexts_{};
  CallId last_call_ = 0;
  test::WireClient client_;  // Goes first: what is outstanding ends with it.
};

/// One trace in one round.
struct Play {
  std::size_t trace = 0;
  std::shared_ptr<Player> player{};
  Time begin{};
  Duration tick{};
  Time due() const { return begin + tick * player->due(); }
};

class Stage {
 public:
  Stage(const std::vector<Trace>& traces, const ServerRun& run,
        const std::function<bool(std::size_t, const std::vector<Facts>&)>& agrees)
      : traces_(traces),
        run_(run),
        agrees_(agrees),
        plays_(traces.size()),
        differed_(traces.size()),
        wire_(run.address, run.connections) {}

  std::vector<ServerPlay> play() {
    connect();
    for (std::size_t i = 0; i < traces_.size(); ++i) waiting_.push_back(i);
    while (!waiting_.empty() || running_ > 0) {
      admit();
      Time next = Clock::now() + std::chrono::milliseconds(20);
      if (!due_.empty()) next = std::min(next, due_.begin()->first);
      if (!waiting_.empty() && running_ < run_.at_once) next = std::min(next, next_admission_);
      // What has arrived comes before the next step, or answers would look late that are not.
      for (bool more = wire_.client().run_one(next); more;) more = wire_.client().run_one(Clock::now());
      while (!due_.empty() && due_.begin()->first <= Clock::now()) take_step();
    }
    wire_.client().run_until(Clock::now() + std::chrono::milliseconds(200));  // What was left behind is terminated.
    return std::move(plays_);
  }

 private:
  void connect() {
    std::size_t open = 0;
    for (std::size_t i = 0; i < run_.connections; ++i) {
      wire_.call("GetSystemInfo", service::GetSystemInfoRequest(), run_.patience,
                 [&open](const grpc::Status& status, grpc::ByteBuffer&) { open += status.ok() ? 1 : 0; });
    }
    wire_.client().run_until(Clock::now() + run_.patience + std::chrono::seconds(1));
    if (open < run_.connections) throw std::runtime_error("no server at " + run_.address);
  }

  /// A new one now and then, so that the steps of different traces do not fall together.
  void admit() {
    const auto apart = run_.tick / static_cast<int>(run_.at_once) + std::chrono::microseconds(137);
    if (waiting_.empty() || running_ >= run_.at_once || Clock::now() < next_admission_) return;
    next_admission_ = Clock::now() + apart;
    const std::size_t trace = waiting_.front();
    waiting_.pop_front();
    auto play = std::make_shared<Play>();
    const int round = plays_[trace].rounds++;
    play->trace = trace;
    play->tick = Duration(run_.tick) * (1 << round);
    play->begin = Clock::now() + std::chrono::milliseconds(1);
    const std::string prefix = run_.prefix + std::to_string(trace) + "-" + std::to_string(round) + "-";
    play->player = std::make_shared<Player>(traces_[trace], wire_, Names{prefix, play->tick});
    ++running_;
    due_.emplace(play->begin, play);
  }

  void take_step() {
    const auto play = due_.begin()->second;
    due_.erase(due_.begin());
    const Time due = play->due();
    play->player->step([this, play, due] {
      // Whatever the server did, it did it before this moment.
      if (Clock::now() - due > play->tick / 4) return end(*play, true);
      if (play->player->finished()) return end(*play, false);
      due_.emplace(play->due(), play);
    });
  }

  void end(Play& play, bool late) {
    --running_;
    play.player->leave();
    ServerPlay& plays = plays_[play.trace];
    if (late) {
      ++plays.late;
      if (plays.rounds < run_.rounds) waiting_.push_back(play.trace);
      return;
    }
    plays.answers = play.player->answers();
    if (agrees_(play.trace, plays.answers)) return;
    if (++differed_[play.trace] < run_.times_to_believe && plays.rounds < run_.rounds) waiting_.push_back(play.trace);
  }

  const std::vector<Trace>& traces_;
  const ServerRun& run_;
  const std::function<bool(std::size_t, const std::vector<Facts>&)>& agrees_;
  std::vector<ServerPlay> plays_;
  std::vector<int> differed_;
  std::deque<std::size_t> waiting_{};
  std::multimap<Time, std::shared_ptr<Play>> due_{};
  std::size_t running_ = 0;
  Time next_admission_{};
  ServerWire wire_;
};

}  // namespace

std::vector<ServerPlay> play_on_server(const std::vector<Trace>& traces, const ServerRun& run,
                                       const std::function<bool(std::size_t, const std::vector<Facts>&)>& agrees) {
  return Stage(traces, run, agrees).play();
}

}  // namespace longbeat::model
