#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "request/worker_requests.h"

namespace longbeat::server {

/// Workers as their heartbeats tell of them, by namespace and worker instance key. Plain data: `now` is the time of
/// arrival and never goes back; what a worker says of its own clock is only shown and queried.
class WorkerRegistry {
 public:
  using Time = internal::WallTime;
  template <class T>
  using StatusOr = internal::StatusOr<T>;

  struct Limits {
    std::size_t workers_per_namespace_max = 10'000;          ///< beyond it whoever has been silent longest goes
    std::size_t bytes_per_namespace_max = 64 * 1024 * 1024;  ///< of their messages, likewise
    std::chrono::nanoseconds forgotten_after = std::chrono::minutes(5);
  };

  explicit WorkerRegistry(Limits limits) : limits_(limits) {}

  /// A worker lives, or stops: status SHUTDOWN removes it.
  void beat(std::uint32_t namespace_id, WorkerBeat beat, Time now);
  /// Null: unknown, or forgotten. Valid until the next beat().
  const WorkerBeat* find(std::uint32_t namespace_id, std::string_view instance_key, Time now);

  struct Page {
    std::vector<WorkerBeat> workers{};
    std::string next_token{};  ///< empty: that was all
  };
  /// In order of instance keys; also stable while workers come and go. INVALID_ARGUMENT for a bad query or token. A
  /// condition on a field that workers do not have holds for none.
  StatusOr<Page> list(std::uint32_t namespace_id, const ListWorkersRequest& request, Time now);
  StatusOr<std::int64_t> count(std::uint32_t namespace_id, const CountWorkersRequest& request, Time now);

  std::size_t size(std::uint32_t namespace_id) const;

 private:
  struct Entry {
    WorkerBeat beat{};
    Time seen{};
    std::size_t bytes = 0;
    std::list<const std::string*>::iterator turn{};
  };
  struct Space {
    std::map<std::string, Entry, std::less<>> workers{};
    std::list<const std::string*> turns{};  ///< Their keys, longest silent first.
    std::size_t bytes = 0;
  };

  static void remove(Space& space, std::map<std::string, Entry, std::less<>>::iterator worker);
  void forget_silent(Space& space, Time now) const;
  /// The namespace without those that have been silent too long; null: nobody there.
  Space* living(std::uint32_t namespace_id, Time now);
  /// Namespaces where nobody asks and nobody beats any more.
  void sweep(Time now);

  Limits limits_;
  std::map<std::uint32_t, Space> spaces_;
  Time next_sweep_ = Time::min();
};

/// Workers that SDKs run for themselves, told by their task queue.
bool is_system_worker(const WorkerBeat& worker);

}  // namespace longbeat::server
