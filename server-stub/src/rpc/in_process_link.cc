#include "rpc/in_process_link.h"

#include <utility>

#include "base/server_gone.h"

namespace longbeat::server {

/// Travels with a call. When the server ends and drops what was posted there, the call is told with it.
struct InProcessLink::OnItsWay {
  const std::weak_ptr<InProcessLink> link;
  const std::uint64_t id;
  bool settled = false;  ///< answered, or lost on purpose

  OnItsWay(std::weak_ptr<InProcessLink> of, std::uint64_t call) : link(std::move(of)), id(call) {}
  ~OnItsWay() {
    const auto to = settled ? nullptr : link.lock();
    if (to) to->loop_.post([raw = to.get(), id = id] { raw->give_up(id, internal::server_gone()); });
  }
  OnItsWay(const OnItsWay&) = delete;
  OnItsWay& operator=(const OnItsWay&) = delete;
};

std::shared_ptr<internal::Watch> InProcessLink::watch() {
  return thread_->stage().clock()->manual() ? thread_->shared_stage() : nullptr;
}

void InProcessLink::call(std::uint64_t id, internal::LinkCall call, Done done) {
  Pending& pending = calls_[id];
  pending.done = std::move(done);
  pending.until = loop_.now() + call.timeout;
  if (stopped_) return;  // stop() ends it.
  // Calls end at once, or wait for what may never come: the end of such a wait is no event.
  pending.timer = loop_.schedule_keepalive(
      pending.until, [this, id] { give_up(id, {StatusCode::kDeadlineExceeded, "Deadline Exceeded", {}}); });
  const auto way = std::make_shared<OnItsWay>(weak_from_this(), id);
  const auto arrive = [weak = weak_from_this(), id, way, call = std::move(call)]() mutable {
    const auto self = weak.lock();
    const auto server = self ? self->server_.lock() : nullptr;
    if (!server) return;
    const auto found = self->calls_.find(id);
    if (found == self->calls_.end()) return;  // Given up before it left.
    found->second.at_server = server->arrive(
        std::move(call),
        [weak, id, way, from = std::weak_ptr(server)](StatusOr<std::string> answer, std::string token) {
          way->settled = true;
          const auto link = weak.lock();
          const bool posted = link && link->loop_.post([link = link.get(), id, answer = std::move(answer), token] {
            link->answered(id, answer, token);
          });
          const auto of = posted || token.empty() ? nullptr : from.lock();
          if (of) of->undelivered(token);
        },
        [weak, id, way] {
          way->settled = true;
          if (const auto link = weak.lock()) link->lost(id);
        });
  };
  const auto server = server_.lock();
  if (server) server->loop().post(arrive);  // Refused after its end: `way` tells.
}

void InProcessLink::answered(std::uint64_t id, StatusOr<std::string> answer, const std::string& token) {
  auto call = calls_.extract(id);
  if (call.empty()) {
    const auto server = token.empty() ? nullptr : server_.lock();
    if (server) server->undelivered(token);
    return;
  }
  loop_.cancel(call.mapped().timer);
  call.mapped().done(std::move(answer));
}

void InProcessLink::lost(std::uint64_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  loop_.cancel(found->second.timer);
  found->second.timer = loop_.schedule(
      found->second.until, [this, id] { give_up(id, {StatusCode::kDeadlineExceeded, "Deadline Exceeded", {}}); });
}

void InProcessLink::cancel(std::uint64_t id) {
  if (!calls_.contains(id)) return;
  loop_.post([this, id] { give_up(id, {StatusCode::kCancelled, "CANCELLED", {}}); });
}

void InProcessLink::give_up(std::uint64_t id, Status why) {
  auto call = calls_.extract(id);
  if (call.empty()) return;
  loop_.cancel(call.mapped().timer);
  if (const auto server = server_.lock()) server->caller_gone(call.mapped().at_server);
  call.mapped().done(std::move(why));
}

void InProcessLink::stop() {
  loop_.stop([this] {
    stopped_ = true;
    while (!calls_.empty()) give_up(calls_.begin()->first, {StatusCode::kCancelled, "the client has been closed", {}});
  });
}

}  // namespace longbeat::server
