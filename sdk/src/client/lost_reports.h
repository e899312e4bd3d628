#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "client/client_core.h"

namespace longbeat::internal {

/// Keeps connections open for reports whose object has gone: nobody else might. Any thread.
class LostReports : public std::enable_shared_from_this<LostReports> {
 public:
  /// A connection is kept open as long as this lives. May go on any thread, the loop's too.
  class Kept {
   public:
    Kept(std::shared_ptr<LostReports> by, std::uint64_t number, std::shared_ptr<Callbacks> callbacks)
        : by_(std::move(by)), number_(number), callbacks_(std::move(callbacks)) {}
    ~Kept() { by_->release(number_); }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    /// Null when the process has given it up.
    std::shared_ptr<ClientCore> core() const { return by_->find(number_); }
    /// For those who must not own the core, not even for a moment.
    Callbacks& callbacks() const { return *callbacks_; }

   private:
    std::shared_ptr<LostReports> by_;
    std::uint64_t number_;
    std::shared_ptr<Callbacks> callbacks_;
  };

  /// The one of this process. The end of the process waits a moment for what it still keeps, then gives it up.
  static std::shared_ptr<LostReports> instance();

  std::shared_ptr<const Kept> keep(std::shared_ptr<ClientCore> core);
  /// True when nothing is kept any more; false when `patience` has passed first.
  bool wait_for_all(std::chrono::nanoseconds patience) const;
  /// How many there still were.
  std::size_t release_all();

 private:
  void release(std::uint64_t number);
  std::shared_ptr<ClientCore> find(std::uint64_t number) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable released_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::shared_ptr<ClientCore>> cores_;
};

/// Is this one of the threads of the connection, which must not be its last owner?
bool on_thread_of(Connection& connection);

}  // namespace longbeat::internal
