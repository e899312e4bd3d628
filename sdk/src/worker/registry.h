#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/executor.h"
#include "longbeat/interceptor.h"
#include "longbeat/serve.h"

namespace longbeat::internal {

/// Which function runs which activity. Filled before the worker starts, then only read.
class Registry {
 public:
  /// The first mistake is kept: a duplicate, a reserved or bad name, an empty handler, a bad option.
  void add(std::string name, ActivityFunction function, const ServeOptions& options = {});
  void add_unknown(ActivityFunction function, const ServeOptions& options = {});
  /// Tasks of type `name` are run as those of `activity`, which may be added later.
  void add_alias(std::string name, std::string activity);
  void add_interceptors(std::vector<std::shared_ptr<WorkerInterceptor>> interceptors) {
    interceptors_ = std::move(interceptors);
  }
  /// The first mistake, or an alias of what was never added.
  std::optional<Error> mistake() const;
  bool empty() const { return entries_.empty() && !unknown_; }

  /// Runs one attempt on the calling thread. Nothing above it catches, nothing below it needs to.
  AttemptOutcome run(const std::shared_ptr<Attempt>& attempt) const noexcept;

 private:
  struct Entry {
    ActivityFunction function{};
    ServeOptions options{};
  };

  const Entry* find(const std::string& type) const;
  AttemptOutcome outcome_of(const std::shared_ptr<Attempt>& attempt) const noexcept;
  void tell_end(const std::shared_ptr<Attempt>& attempt, const AttemptOutcome& outcome) const noexcept;
  Payloads call(ExecuteActivityParams params, const ActivityFunction& function, std::size_t interceptor) const;
  Failure unknown_type(const std::string& type) const;
  bool is_fit(const std::string& who, const ActivityFunction& function, const ServeOptions& options);
  bool is_free(const std::string& name);
  void note(std::string mistake);

  std::map<std::string, Entry> entries_{};
  std::map<std::string, std::string> aliases_{};  ///< to names of entries
  std::optional<Entry> unknown_{};
  std::vector<std::shared_ptr<WorkerInterceptor>> interceptors_{};
  std::optional<Error> mistake_{};
};

}  // namespace longbeat::internal
