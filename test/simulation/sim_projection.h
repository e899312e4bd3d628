#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "visibility/visibility.h"

namespace longbeat::simulation {

/// The server's projection without its thread: changes gather until somebody asks, and answers take a moment of virtual
/// time. It lives in memory, so every new process of the server has to fill it again.
class SimProjection final : public server::Visibility {
 public:
  using Later = std::function<void(std::function<void()> what)>;
  /// `later` runs what it is given a moment later, unless the process has ended by then.
  SimProjection(Sink sink, Later later);
  void apply(std::vector<server::ProjectionChange> changes) override;
  void ask(std::uint64_t ticket, server::Question question) override;

 private:
  std::unique_ptr<server::Visibility> sql_;
  std::vector<server::ProjectionChange> waiting_{};
};

}  // namespace longbeat::simulation
