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
    Kept(std::shared_ptr<LostReports> by, std::uint64_t number, std::shared_ptr<Callbacks> losses)
        : by_(std::move(by)), number_(number), losses_(std::move(losses)) {}
    ~Kept() { by_->release(number_); }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    /// Null when the process has given it up.
    std::shared_ptr<ClientCore> core() const { return by_->find(number_); }
    /// For those who must not own the core, not even for a moment.
    Callbacks& losses() const { return *losses_; }

   private:
    std::shared_ptr<LostReports> by_;
    std::uint64_t number_;
    std::shared_ptr<Callbacks> losses_;
  };

  /// The one of this process, never destroyed. The end of main() waits a moment for what it still keeps, then gives it
  /// up; so does each loss in a global of the program that is destroyed after that.
  static std::shared_ptr<LostReports> instance();

  /// `with` goes with the core.
  std::shared_ptr<const Kept> keep(std::shared_ptr<ClientCore> core, std::shared_ptr<const void> with = nullptr);
  /// Waits for what a global has lost once the process ends; does nothing before.
  void wait_if_over();
  /// True when nothing is kept any more, and the connections have gone; false when `patience` has passed first.
  bool wait_for_all(std::chrono::nanoseconds patience) const;
  /// How many there still were.
  std::size_t release_all();

 private:
  struct Going;
  struct Held {
    std::shared_ptr<ClientCore> core;  ///< null: about to go
    std::shared_ptr<const void> with;
  };

  void end_of_process();
  void release(std::uint64_t number);
  void gone(std::uint64_t number);
  std::shared_ptr<ClientCore> find(std::uint64_t number) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable released_;
  bool over_ = false;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Held> cores_;
};

}  // namespace longbeat::internal
