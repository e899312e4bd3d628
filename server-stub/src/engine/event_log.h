#pragma once
#include <string_view>

#include "base/log.h"
#include "directory/namespaces.h"
#include "machine/transition.h"

namespace longbeat::server {

/// What the log calls an event; empty: it gets no line (heartbeats: they are too many).
template <class OneEvent>
constexpr std::string_view event_name() {
  using std::is_same_v;
  if constexpr (is_same_v<OneEvent, Completed>) return "completed";
  if constexpr (is_same_v<OneEvent, Failed>) return "attempt failed";
  if constexpr (is_same_v<OneEvent, CanceledByWorker>) return "canceled by its worker";
  if constexpr (is_same_v<OneEvent, Oversized>) return "report over the size limit";
  if constexpr (is_same_v<OneEvent, CancelRequested>) return "cancel requested";
  if constexpr (is_same_v<OneEvent, Terminated>) return "terminated";
  if constexpr (is_same_v<OneEvent, PauseRequested>) return "paused";
  if constexpr (is_same_v<OneEvent, UnpauseRequested>) return "unpaused";
  if constexpr (is_same_v<OneEvent, ResetRequested>) return "reset";
  if constexpr (is_same_v<OneEvent, OptionsUpdated>) return "options updated";
  if constexpr (is_same_v<OneEvent, StartAttached>) return "start attached";
  if constexpr (is_same_v<OneEvent, HandOutUndone>) return "hand-out undone";
  if constexpr (is_same_v<OneEvent, DeadlinePassed>) return "timed out";
  return {};
}

/// One line at debug: "activity <what>: namespace='default' id='a' run=... attempt=1 state=scheduled". Written when
/// decided, thus before it is durable. `attempt` is the one that the event was about.
void log_event(std::string_view what, const Namespace* space, const ActivityState& state,
               std::int32_t attempt) noexcept;

}  // namespace longbeat::server
