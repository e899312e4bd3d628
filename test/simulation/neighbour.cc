#include "simulation/neighbour.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;
using server::Reply;
using server::StatusOr;

std::string namespace_of(const server::Request& request) {
  return std::visit(
      [](const auto& one) -> std::string {
        if constexpr (requires { one.namespace_name; }) {
          return one.namespace_name;
        } else if constexpr (requires { one.run.namespace_name; }) {
          return one.run.namespace_name;
        } else {
          return {};
        }
      },
      request);
}

bool is_open_question(const StatusOr<Reply>& reply) {
  return !reply &&
         (reply.error().code == StatusCode::kUnavailable || reply.error().code == StatusCode::kDeadlineExceeded ||
          reply.error().code == StatusCode::kCancelled);
}

server::RawDuration raw(std::chrono::nanoseconds value) {
  return {value.count() / 1'000'000'000, static_cast<std::int32_t>(value.count() % 1'000'000'000)};
}

Neighbour::~Neighbour() {
  loop_.kill();
  stub_.kill();
}

void Neighbour::send(server::Request request, int tries, Answered answered, Nanoseconds patience) {
  auto kept = request;
  stub_.submit(
      std::move(request), patience,
      [this, kept = std::move(kept), tries, patience, answered = std::move(answered)](StatusOr<Reply> reply) mutable {
        if (is_open_question(reply) && repeats(tries)) {
          loop_.after(world_.between(300ms, 2s),
                      [this, kept = std::move(kept), tries, patience, reply, answered = std::move(answered)]() mutable {
                        if (repeats(tries)) return send(std::move(kept), tries - 1, std::move(answered), patience);
                        if (answered)
                          answered(reply);  // It is time to end what there is, and nothing new may come after that.
                      });
          return;
        }
        if (answered) answered(reply);
      });
}

}  // namespace longbeat::simulation
