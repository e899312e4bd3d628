#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "core/connection.h"
#include "core/courier_pool.h"
#include "testing/attempt_server.h"
#include "testing/virtual_loop.h"

namespace longbeat::internal {

/// The real courier, whose jobs virtual time waits for.
class WatchedCourier final : public Courier {
 public:
  explicit WatchedCourier(VirtualLoop& loop) : loop_(loop) {}
  void post(CourierJob kind, std::uint64_t key, std::function<void()> job) override {
    loop_.begin_job();
    pool_.post(kind, key, [this, job = std::move(job)]() mutable { loop_.run_job(std::move(job)); });
  }
  std::uint64_t running_here() const noexcept override { return pool_.running_here(); }

 private:
  VirtualLoop& loop_;
  CourierPool pool_{};
};

/// What one run of an ActivityEnvironment has in place of a connection. Ends as the real one does (connect.cc): first
/// the loop, while the courier still takes jobs, then the courier with what it has.
class TestConnection final : public Connection {
 public:
  TestConnection(const std::shared_ptr<VirtualClock>& clock, std::chrono::nanoseconds thread_time)
      : loop_(clock, thread_time), server_(loop_, clock) {}
  ~TestConnection() override { loop_.stop(); }
  TestConnection(const TestConnection&) = delete;
  TestConnection& operator=(const TestConnection&) = delete;

  VirtualLoop& loop() override { return loop_; }
  AttemptServer& stub() override { return server_; }
  Courier& courier() override { return courier_; }

 private:
  VirtualLoop loop_;
  AttemptServer server_;
  WatchedCourier courier_{loop_};
};

}  // namespace longbeat::internal
