#include "matching/fair_line.h"

#include <algorithm>

namespace longbeat::server {

void FairLine::set_rate(Key& key) {
  key.rate.set(key_rate_ ? std::optional(*key_rate_ * key.weight) : std::nullopt);
  // What held it may hold it no more; take() will see.
  if (key.spot == Key::Spot::kHeld) move(key, Key::Spot::kReady);
}

void FairLine::reweigh(Key& key, double weight) {
  const double within = std::clamp(weight, kWeightMin, kWeightMax);
  if (key.weight == within) return;
  key.weight = within;
  set_rate(key);
}

void FairLine::move(Key& key, Key::Spot spot) {
  switch (key.spot) {
    case Key::Spot::kReady:
      ready_.erase({key.pass, key.order, &key});
      break;
    case Key::Spot::kHeld:
      held_.erase({key.held_until, key.order, &key});
      break;
    case Key::Spot::kResting:
      resting_.erase({key.pass, key.order, &key});
      break;
    case Key::Spot::kNone:
      break;
  }
  key.spot = spot;
  switch (spot) {
    case Key::Spot::kReady:
      key.pass = std::max(key.pass, virtual_time_);  // Nobody saves up a share while it does not wait for its turn.
      ready_.insert({key.pass, key.order, &key});
      break;
    case Key::Spot::kHeld:
      key.held_until = key.rate.ready_at();
      held_.insert({key.held_until, key.order, &key});
      break;
    case Key::Spot::kResting:
      resting_.insert({key.pass, key.order, &key});
      break;
    case Key::Spot::kNone:
      break;
  }
}

FairLine::Key& FairLine::key_of(std::string_view name, double weight, Time now) {
  auto found = keys_.find(name);
  if (found != keys_.end()) {
    reweigh(found->second, weight);
    return found->second;
  }
  if (keys_.size() == 1) {
    // From now on it matters who goes first.
    Key& only = keys_.begin()->second;
    if (!only.tasks.empty()) {
      move(only, Key::Spot::kReady);
    } else if (only.rate.spent(now)) {
      move(only, Key::Spot::kResting);
    } else {
      keys_.clear();
    }
  }
  const auto added = keys_.emplace(name, Key{}).first;
  Key& key = added->second;
  key.name = &added->first;
  key.order = next_order_++;
  key.pass = virtual_time_;
  key.weight = std::clamp(weight, kWeightMin, kWeightMax);
  set_rate(key);
  return key;
}

FairLine::Place FairLine::add(std::string_view name, double weight, Time due, std::uint64_t row, Time now) {
  Key& key = key_of(name, weight, now);
  const auto handle = key.tasks.schedule(due, row);
  if (fair() && key.tasks.size() == 1) move(key, Key::Spot::kReady);
  ++size_;
  return {&key, handle};
}

bool FairLine::remove(const Place& place) {
  Key& key = *place.key;
  if (!key.tasks.cancel(place.handle)) return false;
  --size_;
  if (key.tasks.empty() && fair()) {
    move(key, Key::Spot::kResting);
    forget_past(Time::min());  // What is remembered for its rate stays until one is served.
  }
  return true;
}

FairLine::Taken FairLine::serve(Key& key, Time now) {
  const Time due = *key.tasks.next_deadline();
  const Taken taken{*key.tasks.pop_due(Time::max()), due};
  --size_;
  key.rate.take(now);
  if (!fair()) return taken;
  move(key, Key::Spot::kNone);
  virtual_time_ = std::max(virtual_time_, key.pass);
  key.pass += 1 / key.weight;
  move(key, key.tasks.empty() ? Key::Spot::kResting : Key::Spot::kReady);
  forget_past(now);
  return taken;
}

void FairLine::forget_past(Time now) {
  // The end of a busy time: whoever comes next starts even.
  if (size_ == 0 && !resting_.empty()) virtual_time_ = std::max(virtual_time_, resting_.rbegin()->pass);
  while (!resting_.empty()) {
    const ByPass first = *resting_.begin();
    const bool past = first.pass <= virtual_time_ && !first.key->rate.spent(now);
    if (!past && resting_.size() <= kRestingMax) break;
    resting_.erase(resting_.begin());
    keys_.erase(keys_.find(*first.key->name));
  }
  if (keys_.size() == 1) move(keys_.begin()->second, Key::Spot::kNone);
  if (keys_.empty()) virtual_time_ = 0;
}

std::optional<FairLine::Taken> FairLine::take(Time now) {
  if (size_ == 0) return std::nullopt;
  if (!fair()) {
    Key& only = keys_.begin()->second;
    if (only.rate.ready_at() > now) return std::nullopt;
    return serve(only, now);
  }
  while (!held_.empty() && held_.begin()->at <= now) move(*held_.begin()->key, Key::Spot::kReady);
  while (!ready_.empty()) {
    Key& key = *ready_.begin()->key;
    if (key.rate.ready_at() <= now) return serve(key, now);
    move(key, Key::Spot::kHeld);
  }
  return std::nullopt;
}

FairLine::Time FairLine::ready_at() const {
  if (size_ == 0) return Time::max();
  if (!fair()) return keys_.begin()->second.rate.ready_at();
  if (!ready_.empty()) return ready_.begin()->key->rate.ready_at();
  return held_.begin()->at;
}

void FairLine::limit_keys(std::optional<double> per_second) {
  if (key_rate_ == per_second) return;
  key_rate_ = per_second;
  for (auto& [name, key] : keys_) set_rate(key);
}

void FairLine::set_weight(std::string_view name, double weight) {
  const auto found = keys_.find(name);
  if (found != keys_.end()) reweigh(found->second, weight);
}

std::optional<FairLine::Time> FairLine::oldest() const {
  std::optional<Time> oldest;
  for (const auto& [name, key] : keys_) {
    const auto first = key.tasks.next_deadline();
    if (first && (!oldest || *first < *oldest)) oldest = first;
  }
  return oldest;
}

}  // namespace longbeat::server
