#include "simulation/sim_courier.h"

#include <algorithm>

namespace longbeat::simulation {

using namespace std::chrono_literals;

namespace {
constexpr Nanoseconds kQuick = 200us;
constexpr Nanoseconds kLongest =
    4min;  ///< So good as never: longer than any attempt and what is waited for its report.
}  // namespace

Nanoseconds SimCourier::duration(internal::CourierJob kind, std::uint64_t owner) {
  auto& random = world_.random();
  const bool slow = faults != nullptr && faults->slow && kind == internal::CourierJob::kConvert;
  const auto how = random.below(slow ? 100 : 1000);
  if (slow && how < 10) {
    // What is not an attempt's, or comes before it has begun, nobody waits for so long.
    const bool known = std::ranges::any_of(keys_, [&](const auto& entry) { return entry.second == owner; });
    return world_.between(1s, known && how == 0 ? kLongest : 10s);
  }
  return how < 50 ? world_.between(1ms, 3s) : world_.between(0ns, kQuick);
}

void SimCourier::post(internal::CourierJob kind, std::uint64_t key, std::function<void()> job) {
  const auto owner = owner_of(key);
  TimePoint& free_at = free_at_[{kind, key}];
  free_at = std::max(free_at, world_.now()) + duration(kind, owner);
  if (kind != internal::CourierJob::kConvert) return loop_.after(free_at - world_.now(), std::move(job));
  const TimePoint since = world_.now();
  converting_[owner].insert(since);
  loop_.after(free_at - since, [this, owner, since, job = std::move(job)] {
    auto& all = converting_[owner];
    all.erase(all.find(since));
    job();
  });
}

bool SimCourier::is_long(const std::multiset<TimePoint>& since) const {
  return !since.empty() && *since.begin() + 2 * kQuick < world_.now();
}

bool SimCourier::is_busy(const std::string& token) const {
  const auto key = keys_.find(token);
  if (key == keys_.end()) return is_busy();
  const auto all = converting_.find(key->second);
  return all != converting_.end() && is_long(all->second);
}

bool SimCourier::is_busy() const {
  return std::ranges::any_of(converting_, [this](const auto& entry) { return is_long(entry.second); });
}

Result<Payloads> SimCodec::encode(Payloads payloads) {
  for (Payload& payload : payloads) {
    const std::string token = payload.metadata["attempt"];
    if (!token.empty() && dice_.chance(faults_.failing)) {
      witness_.encoding_failed(token, payload.metadata["part"]);
      return Error{ErrorCode::kUnavailable, "no key"};
    }
    payload.metadata["sealed"] += "x";
  }
  return payloads;
}

Result<Payloads> SimCodec::decode(Payloads payloads) {
  for (Payload& payload : payloads) {
    const auto sealed = payload.metadata.find("sealed");
    if (sealed == payload.metadata.end()) continue;  // From somebody without codecs.
    if (dice_.chance(faults_.failing)) {
      witness_.decoding_failed(process_);
      return Error{ErrorCode::kUnavailable, "no key"};
    }
    if (sealed->second != "x") return Error{ErrorCode::kUndecodable, "it was sealed more than once"};
    payload.metadata.erase(sealed);
  }
  return payloads;
}

}  // namespace longbeat::simulation
