#pragma once
#include <memory>
#include <unordered_map>

#include "base/transport.h"
#include "rpc/in_process_server.h"

namespace longbeat::server {

/// One client's connection to a server of its process. May outlive the server: then its calls find nobody.
class InProcessLink final : public internal::TransportLink, public std::enable_shared_from_this<InProcessLink> {
 public:
  InProcessLink(std::shared_ptr<StageThread> thread, std::weak_ptr<InProcessServer> server)
      : thread_(std::move(thread)), server_(std::move(server)), loop_(thread_) {}

  internal::Loop& loop() override { return loop_; }
  std::shared_ptr<const internal::Clock> clock() override { return thread_->stage().clock(); }
  std::shared_ptr<internal::Watch> watch() override;
  void call(std::uint64_t id, internal::LinkCall call, Done done) override;
  void cancel(std::uint64_t id) override;
  void stop() override;

 private:
  struct OnItsWay;
  struct Pending {
    Done done{};
    CallId at_server = 0;
    TimePoint until{};
    internal::TimerId timer = 0;
  };

  void answered(std::uint64_t id, StatusOr<std::string> answer, const std::string& token);
  /// Nobody will answer it: now the end of its time is what happens next.
  void lost(std::uint64_t id);
  void give_up(std::uint64_t id, Status why);

  const std::shared_ptr<StageThread> thread_;
  const std::weak_ptr<InProcessServer> server_;
  StageLoop loop_;
  std::unordered_map<std::uint64_t, Pending> calls_{};
  bool stopped_ = false;
};

}  // namespace longbeat::server
