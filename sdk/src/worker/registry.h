#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/executor.h"
#include "longbeat/interceptor.h"
#include "longbeat/worker.h"

namespace longbeat::internal {

/// Which function runs which activity. Filled before the worker starts, then only read.
class Registry {
 public:
  /// The first mistake is kept: a duplicate, a reserved or bad name.
  void add(std::string name, ActivityFunction function);
  void add_unknown(ActivityFunction function);
  void add_interceptors(std::vector<std::shared_ptr<WorkerInterceptor>> interceptors) {
    interceptors_ = std::move(interceptors);
  }
  const std::optional<Error>& mistake() const { return mistake_; }
  bool empty() const { return functions_.empty() && !unknown_; }

  /// Runs one attempt on the calling thread. Nothing above it catches, nothing below it needs to.
  AttemptOutcome run(const std::shared_ptr<Attempt>& attempt) const noexcept;

 private:
  AttemptOutcome outcome_of(const std::shared_ptr<Attempt>& attempt) const;
  Payloads call(ExecuteActivityParams params, const ActivityFunction& function, std::size_t interceptor) const;
  Failure unknown_type(const std::string& type) const;
  void note(Error mistake);

  std::map<std::string, ActivityFunction> functions_{};
  ActivityFunction unknown_{};
  std::vector<std::shared_ptr<WorkerInterceptor>> interceptors_{};
  std::optional<Error> mistake_{};
};

}  // namespace longbeat::internal
