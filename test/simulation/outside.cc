#include "simulation/outside.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;

std::string Outside::new_address() {
  static constexpr const char* kKinds[] = {"good", "good", "shaky", "shaky", "refuses", "slow", "mute"};
  const std::string host = world_.random().chance(20) ? "http://fence:81/" : "http://hooks:80/";
  return host + kKinds[world_.random().below(std::size(kKinds))] + "/" + std::to_string(++next_);
}

void Outside::visit(const server::OutboundCall& call, std::function<void(server::OutboundResult)> done) {
  const int visit = ++visits_[call.url];
  const auto is = [&](const char* kind) { return call.url.find(std::string("/") + kind + "/") != std::string::npos; };
  server::OutboundResult result{.delivered = true};
  Nanoseconds takes = world_.between(1ms, 200ms);
  if (is("refuses")) {
    result = {.retryable = false, .message = "HTTP status 400"};
  } else if (is("shaky") && visit < 4 && world_.random().chance(70)) {
    result = {.message = "HTTP status 503"};
  } else if (is("mute") && !faults_ended_) {
    takes = 10s;
    result = {.message = "no answer"};
  } else if (is("slow")) {
    takes = world_.between(1s, 9s);
  }
  world_.after(takes, [done = std::move(done), result] { done(result); });
}

}  // namespace longbeat::simulation
