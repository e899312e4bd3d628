#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/requests.h"
#include "model/wire.h"

namespace longbeat::model {

/// Plays one trace against a server: what is seen, the call, its answer, step after step. Who drives it keeps the time.
class Player : public std::enable_shared_from_this<Player> {
 public:
  Player(Trace trace, Wire& wire, Names names) : trace_(std::move(trace)), wire_(wire), names_(std::move(names)) {}

  /// Takes the next step; `done` runs once it has been answered.
  void step(std::function<void()> done);
  /// The last look has been taken.
  bool finished() const { return answers_.size() == trace_.size() + 1; }
  /// In ticks since its beginning: when the next step is to be taken.
  int due() const { return ticks_; }
  const std::vector<Facts>& answers() const { return answers_; }
  /// Leaves nothing behind at the server: open calls end, an open activity is terminated.
  void leave();

 private:
  using Refused = grpc::Status;
  void look();
  void looked(const Refused& status, grpc::ByteBuffer& response);
  void take(const service::PollActivityTaskQueueResponse& task);
  void act();
  void answered();
  /// One call; `read` gets the response of one that was taken.
  template <class Response, class Request>
  void ask(const std::string& rpc, const Request& request, std::function<void(const Response&)> read = {});
  template <class Request>
  void order(const std::string& rpc, bool has_reason);
  template <class ByToken, class ById>
  void report(const std::string& rpc, ByToken by_token, ById by_id);

  void start();
  void heartbeat();
  void complete();
  void fail();
  void canceled();
  void poll();
  void await();
  void watch();
  void poll_again(const service::PollActivityTaskQueueRequest& request);
  void await_again(const service::PollActivityExecutionRequest& request);
  void watch_again(const service::DescribeActivityExecutionRequest& request);

  /// "run 2": by order of appearance.
  std::string run_name(const std::string& run_id);
  std::string run_id(const Step& step) const;
  std::string token_name(const std::string& token);
  std::string refusal(const Refused& status) const;

  Trace trace_;
  Wire& wire_;
  Names names_;
  int ticks_ = 0;
  Step step_{};
  Facts facts_{};
  std::vector<Facts> answers_{};
  std::function<void()> done_{};
  bool left_ = false;

  std::vector<std::string> runs_{}, tokens_{};
  std::string described_run_{}, change_token_{};  ///< of the last look; empty: there was nothing
  std::int64_t change_count_ = 0;
  std::string counted_run_{};
  Wire::CallId poll_ = 0, await_ = 0, watch_ = 0;
  std::optional<service::PollActivityTaskQueueResponse> got_{};  ///< these since the last look
  std::string refused_poll_{}, heard_{}, noticed_{};
};

}  // namespace longbeat::model
