#include "simulation/sim_projection.h"

#include <stdexcept>

namespace longbeat::simulation {

SimProjection::SimProjection(Sink sink, Later later) {
  auto opened =
      server::open_synchronous_visibility({}, [sink = std::move(sink), later = std::move(later)](
                                                  std::uint64_t ticket, server::StatusOr<server::Answer> answer) {
        later([sink, ticket, answer = std::move(answer)] { sink(ticket, answer); });
      });
  if (!opened) throw std::logic_error("the projection cannot be opened: " + to_string(opened.error()));
  sql_ = std::move(*opened);
}

void SimProjection::apply(std::vector<server::ProjectionChange> changes) {
  for (auto& change : changes) waiting_.push_back(std::move(change));
}

void SimProjection::ask(std::uint64_t ticket, server::Question question) {
  if (!waiting_.empty()) sql_->apply(std::exchange(waiting_, {}));
  sql_->ask(ticket, std::move(question));
}

}  // namespace longbeat::simulation
