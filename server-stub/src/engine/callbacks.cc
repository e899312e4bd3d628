// Completion callbacks of activities that have closed: when they are sent, and what becomes of them.
#include "machine/callbacks.h"

#include <algorithm>

#include "base/planted.h"
#include "engine/engine_impl.h"
#include "engine/recovery_rows.h"
#include "record/record.h"
#include "request/checks.h"

namespace longbeat::server {
namespace {

constexpr std::uint64_t kBytesPerDelivery = 256;  // Its entries in tables and heaps, roughly.

CallbackEvent event_of(const OutboundResult& result) {
  if (result.delivered) return DeliverySucceeded{};
  return DeliveryFailed{result.message, result.retryable};
}

}  // namespace

EngineImpl::Delivery* EngineImpl::begin_delivery(std::uint64_t row, std::uint32_t namespace_id,
                                                 std::vector<CallbackState> callbacks) {
  if (std::ranges::all_of(callbacks, is_settled)) return nullptr;
  Delivery& delivery = deliveries_[row];
  delivery.namespace_id = namespace_id;
  delivery.callbacks = std::move(callbacks);
  delivery.tickets.resize(delivery.callbacks.size());
  delivery.bytes = kBytesPerDelivery + memory_bytes(delivery.callbacks);
  open_bytes_ += delivery.bytes;
  arm(row, delivery);
  return &delivery;
}

void EngineImpl::arm(std::uint64_t row, Delivery& delivery) {
  std::optional<Time> next;
  for (std::size_t i = 0; i < delivery.callbacks.size(); ++i) {
    if (delivery.tickets[i] != 0) continue;
    if (const auto at = due_time(delivery.callbacks[i]); at && (!next || *at < *next)) next = at;
  }
  delivery_timers_.cancel(delivery.timer);
  delivery.timer = 0;
  if (next && options_.outbound && options_.make_completion) delivery.timer = delivery_timers_.schedule(*next, row);
}

void EngineImpl::changed(std::uint64_t row, Delivery& delivery) {
  if (!std::exchange(delivery.dirty, true)) deliveries_changed_.push_back(row);
}

void EngineImpl::forget_delivery(std::uint64_t row) {
  const auto found = deliveries_.find(row);
  if (found == deliveries_.end()) return;
  delivery_timers_.cancel(found->second.timer);
  for (const std::uint64_t ticket : found->second.tickets) tickets_.erase(ticket);
  open_bytes_ -= found->second.bytes;
  deliveries_.erase(found);
}

StatusOr<> EngineImpl::may_be_sent(const Namespace& space, const CallbackState& callback) const {
  const RequestLimits& limits = limits_of(&space);
  if (!limits.callbacks_enabled) {
    return internal::failed_precondition("completion callbacks are not enabled for this namespace");
  }
  return check_callback_url(callback.url, limits);
}

void EngineImpl::deliver_callbacks() {
  if (stopping_) return;  // The next engine on this file sends them.
  for (std::size_t taken = 0; taken < options_.limits.callbacks_per_step; ++taken) {
    const auto row = delivery_timers_.pop_due(now_);
    if (!row) return;
    Delivery& delivery = deliveries_.at(*row);
    delivery.timer = 0;
    deliver(*row, delivery);
  }
}

void EngineImpl::deliver(std::uint64_t row, Delivery& delivery) {
  const Namespace* space = namespaces_.by_id(delivery.namespace_id);
  if (space == nullptr || space->state == NamespaceState::kDeleted) return;  // Goes with its namespace.
  std::shared_ptr<const ActivityState> closed;
  for (std::size_t i = 0; i < delivery.callbacks.size(); ++i) {
    CallbackState& callback = delivery.callbacks[i];
    const auto at = due_time(callback);
    if (delivery.tickets[i] != 0 || !at || *at > now_) continue;
    if (const auto allowed = may_be_sent(*space, callback); !allowed) {
      const auto blocked = transition(callback, DeliveryBlocked{allowed.error().message}, now_);
      if (!blocked) broken_ = to_string(blocked.error());
      changed(row, delivery);
      continue;
    }
    if (!closed) {
      const auto stored = load_closed(row, Depth::kOutcome);
      if (!stored && is_damaged(row)) return;  // Nobody knows any more what to tell.
      if (!stored) {
        broken_ = in_file(stored.error());
        return;
      }
      closed = *stored;
    }
    OutboundCall call = options_.make_completion(*closed, callback);
    call.ticket = delivery.tickets[i] = ++last_ticket_;
    tickets_[call.ticket] = {row, i};
    // That the activity has closed is durable since an earlier step. How this ends may be lost in a crash: then it is
    // sent again.
    options_.outbound->send(std::move(call));
  }
  arm(row, delivery);
}

void EngineImpl::on_callback_done(std::uint64_t ticket, const OutboundResult& result) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end()) return;  // Of an activity that has been removed.
  const auto [row, place] = found->second;
  tickets_.erase(found);
  Delivery& delivery = deliveries_.at(row);
  delivery.tickets[place] = 0;
  const EngineLimits& limits = options_.limits;
  const auto applied = transition(delivery.callbacks[place], event_of(result), now_,
                                  {.initial_interval = limits.callback_retry_initial,
                                   .maximum_interval = limits.callback_retry_max,
                                   .maximum_attempts = limits.callback_attempts_max});
  if (!applied) broken_ = "the result of a callback that was not due: " + to_string(applied.error());
  changed(row, delivery);
  arm(row, delivery);
}

void EngineImpl::write_deliveries() {
  for (const std::uint64_t row : deliveries_changed_) {
    const auto found = deliveries_.find(row);
    if (found == deliveries_.end()) continue;  // Removed in this step.
    if (planted(internal::Bug::kCallbackNotStored)) continue;
    encode_callbacks({Table::kCallbacks, row}, found->second.callbacks, new_row_bytes(Table::kCallbacks, row));
  }
}

void EngineImpl::deliveries_written() {
  for (const std::uint64_t row : deliveries_changed_) {
    const auto found = deliveries_.find(row);
    if (found == deliveries_.end()) continue;
    found->second.dirty = false;
    if (std::ranges::all_of(found->second.callbacks, is_settled)) forget_delivery(row);
  }
  deliveries_changed_.clear();
}

StatusOr<> EngineImpl::recover_deliveries() {
  return scan_all(*store_, Table::kCallbacks, [&](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
    if (open_.contains(row) || planted(internal::Bug::kCallbacksForgotten)) return {};
    auto callbacks = decode_callbacks({Table::kCallbacks, row}, bytes);
    if (!callbacks) {
      report_damaged(row, callbacks.error());
      return {};
    }
    if (std::ranges::all_of(*callbacks, is_settled)) return {};
    const auto closed = load_closed(row, Depth::kOutcome);
    if (!closed) return is_damaged(row) ? StatusOr<>() : closed.error();
    const Namespace* space = namespaces_.by_id((*closed)->input->namespace_id);
    if (space == nullptr) return {};  // Goes with its namespace.
    Delivery& delivery = *begin_delivery(row, space->id, std::move(*callbacks));
    // Rules may have changed since.
    for (CallbackState& callback : delivery.callbacks) {
      if (callback.phase != CallbackPhase::kBlocked || !may_be_sent(*space, callback)) continue;
      if (const auto freed = transition(callback, DeliveryUnblocked{}, now_); !freed) return freed;
      changed(row, delivery);
    }
    arm(row, delivery);
    return {};
  });
}

}  // namespace longbeat::server
