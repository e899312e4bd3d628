#include <algorithm>

#include "engine/engine_impl.h"

namespace longbeat::server {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);  // Of a caller that gave no deadline.

CustomAttributes custom_of(const Namespace& space) {
  CustomAttributes custom;
  for (const auto& [name, type] : space.search_attributes) custom.emplace(name, static_cast<AttributeType>(type));
  return custom;
}

Status switched_off() {
  return {internal::StatusCode::kUnimplemented, "list and count are switched off on this server", {}};
}

}  // namespace

void EngineImpl::on(Command& command, ListActivitiesRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  const auto most = static_cast<std::int32_t>(limits_of(*space).page_size_max);
  ListQuestion question{(*space)->id, std::move(request.query), std::move(request.page_token), request.page_size,
                        custom_of(**space)};
  if (question.page_size <= 0 || question.page_size > most) question.page_size = most;
  ask(command, std::move(question));
}

void EngineImpl::on(Command& command, CountActivitiesRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  ask(command, CountQuestion{(*space)->id, std::move(request.query), custom_of(**space)});
}

void EngineImpl::on(Command& command, ListWorkflowsRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  answer(command.sink, Reply(ListWorkflowsReply{}));
}

void EngineImpl::ask(const Command& command, Question question) {
  if (!options_.visibility) return answer(command.sink, switched_off());
  const Duration wait = std::min(command.patience.value_or(kPatience), options_.limits.long_poll_max);
  if (wait <= Duration(0)) return answer(command.sink, query_ran_out());
  park(command, Parked{.kind = Parked::Kind::kQuery}, wait);
  if (parked_.contains(command.call)) options_.visibility->ask(command.call, std::move(question));
}

Status EngineImpl::query_ran_out() const {
  if (stopping_) return unavailable_now();
  return {internal::StatusCode::kDeadlineExceeded, "the caller's deadline came before the answer of list or count", {}};
}

void EngineImpl::on_answered(CallId call, StatusOr<Answer> answered) {
  if (call == kInventoryTicket) return on_inventory(std::move(answered));
  const auto found = parked_.find(call);
  if (found == parked_.end() || found->second.kind != Parked::Kind::kQuery) return;  // The caller has gone.
  ReplySink* const sink = found->second.sink;
  in_hand_ = sink;
  wait_timers_.cancel(found->second.timer);
  parked_.erase(found);
  if (!answered) return answer(sink, answered.error());
  if (auto* page = std::get_if<ActivityPage>(&*answered)) {
    answer(sink, Reply(ListActivitiesReply{std::move(*page)}));
  } else if (auto* count = std::get_if<ActivityCount>(&*answered)) {
    answer(sink, Reply(CountActivitiesReply{std::move(*count)}));
  } else {
    broken_ = "the projection gave an inventory's answer to a caller";
    answer(sink, internal::internal_error(broken_));
  }
}

StatusOr<> EngineImpl::check_search_attributes(const Namespace& space, const StartRequest& request) {
  for (const WireAttribute& attribute : request.attributes) {
    const auto known = space.search_attributes.find(attribute.name);
    if (known == space.search_attributes.end()) {
      return internal::invalid_argument("Namespace " + space.name + " has no mapping defined for search attribute " +
                                        attribute.name);
    }
    if (auto ok = check_attribute(attribute.name, known->second, attribute.json); !ok) return ok;
  }
  return {};
}

}  // namespace longbeat::server
