#pragma once
#include <cstddef>
#include <iterator>
#include <list>
#include <optional>

#include "engine/engine.h"

namespace longbeat::server {

/// Calls that wait for their caller: to send the rest of a request, or to read an answer. In order of when that began;
/// those that take too long are cut off. Plain data.
template <class Call>
class SlowCalls {
 public:
  struct Waiting {
    Call* call;
    Time since;
    std::size_t bytes;
  };
  using Place = typename std::list<Waiting>::iterator;

  /// `bytes`: what it keeps in memory meanwhile.
  Place add(Call& call, Time now, std::size_t bytes) {
    bytes_ += bytes;
    if (spare_.empty()) return waiting_.insert(waiting_.end(), {&call, now, bytes});
    waiting_.splice(waiting_.end(), spare_, spare_.begin());
    waiting_.back() = {&call, now, bytes};
    return std::prev(waiting_.end());
  }
  void remove(Place place) {
    bytes_ -= place->bytes;
    spare_.splice(spare_.begin(), waiting_, place);
  }

  /// The first one, when it has waited for `longest`; or for `shortest` while all together keep more than `bytes_max`.
  std::optional<Place> overdue(Time now, Duration longest, Duration shortest, std::size_t bytes_max) {
    if (waiting_.empty()) return std::nullopt;
    const Duration waited = now - waiting_.front().since;
    const bool too_long = waited >= longest || (bytes_ > bytes_max && waited >= shortest);
    return too_long ? std::optional(waiting_.begin()) : std::nullopt;
  }
  /// When the first one will have waited for `longest`.
  std::optional<Time> next_deadline(Duration longest) const {
    return waiting_.empty() ? std::nullopt : std::optional(later(waiting_.front().since, longest));
  }
  std::size_t size() const { return waiting_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::list<Waiting> waiting_{}, spare_{};  ///< Entries are used again: no allocation for each call.
  std::size_t bytes_ = 0;
};

}  // namespace longbeat::server
