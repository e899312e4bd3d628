#include "base/log.h"
#include "visibility/projection.h"

namespace longbeat::server {
namespace {

/// The same number of steps on every machine.
class StepBudget final : public projection::Budget {
 public:
  void begin() override { left_ = kLooksMax; }
  void end() override { left_.reset(); }
  bool spent() override { return left_ && --*left_ < 0; }

 private:
  static constexpr int kLooksMax = 10'000;  // 200 million steps: several seconds.
  std::optional<int> left_{};
};

class SynchronousVisibility final : public Visibility {
 public:
  SynchronousVisibility(std::unique_ptr<projection::Projection> projection, Sink sink)
      : projection_(std::move(projection)), sink_(std::move(sink)) {}
  ~SynchronousVisibility() override {
    if (auto closed = projection_->close(); !closed) {
      internal::log(internal::LogLevel::kWarn, "close the projection: " + to_string(closed.error()));
    }
  }
  SynchronousVisibility(const SynchronousVisibility&) = delete;
  SynchronousVisibility& operator=(const SynchronousVisibility&) = delete;

  void apply(std::vector<ProjectionChange> changes) override {
    if (auto written = projection_->write(changes); !written) sink_(kInventoryTicket, written.error());
  }
  void ask(std::uint64_t ticket, Question question) override { sink_(ticket, projection_->answer(question)); }

 private:
  std::unique_ptr<projection::Projection> projection_;
  Sink sink_;
};

}  // namespace

StatusOr<std::unique_ptr<Visibility>> open_synchronous_visibility(VisibilityOptions options, Visibility::Sink sink) {
  auto projection = projection::Projection::open(options.path, std::make_unique<StepBudget>());
  if (!projection) return projection.error();
  return std::unique_ptr<Visibility>(std::make_unique<SynchronousVisibility>(std::move(*projection), std::move(sink)));
}

}  // namespace longbeat::server
