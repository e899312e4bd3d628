#include "simulation/callback_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;
using server::Reply;
using server::StatusOr;

void CallbackActor::act() {
  if (settling_) return;
  if (ids_.empty() || world_.random().chance(55)) return start();
  end(ids_[world_.random().below(ids_.size())], 3);
}

void CallbackActor::start() {
  auto& random = world_.random();
  server::StartRequest request;
  request.namespace_name = kHooksNamespace;
  request.request_id = "hook-request-" + std::to_string(++next_request_);
  request.identity = "hooks";
  request.type = "hooked";
  request.has_task_queue = true;
  request.task_queue = "hooks";
  if (ids_.empty() || random.chance(60)) ids_.push_back("hook-" + std::to_string(ids_.size()));
  request.activity_id = ids_[random.below(ids_.size())];
  request.schedule_to_close = raw(world_.between(500ms, 40s));
  request.start_to_close = raw(10s);
  for (auto count = 1 + random.below(3); count > 0; --count) {
    server::WireCallback callback;
    callback.is_nexus = true;
    callback.url = outside_.new_address();
    callback.message = callback.url;
    request.completion_callbacks.push_back(std::move(callback));
  }
  request.id_conflict_policy = 2;  // USE_EXISTING
  request.has_on_conflict_options = request.attach_request_id = request.attach_completion_callbacks = random.chance(70);
  world_.trace("hooks: starts " + request.activity_id);
  send(std::move(request), 1 + static_cast<int>(random.below(5)));
}

void CallbackActor::end(const std::string& id, int tries) {
  const server::RunRef run{kHooksNamespace, id, {}};
  const auto request_id = "hook-request-" + std::to_string(++next_request_);
  switch (world_.random().below(4)) {
    case 0:
      return send(server::CompletedRequest{kHooksNamespace, {}, "hooks", {}, server::ById{{}, {}, id}}, tries);
    case 1:
      return send(server::TerminateRequest{run, "hooks", request_id, "enough"}, tries);
    case 2:
      return send(server::CancelRequest{run, "hooks", request_id, "superseded", {}}, tries);
    default:
      return send(server::DescribeRequest{run, false, false, false, false, {}}, tries);
  }
}

void CallbackActor::settle() {
  Neighbour::settle();
  until_ended(0);
}

void CallbackActor::until_ended(std::size_t from) {
  if (from == ids_.size()) {
    open_ended_ = true;
    return;
  }
  const server::RunRef run{kHooksNamespace, ids_[from], {}};
  send(server::TerminateRequest{run, "hooks", "hook-end-" + std::to_string(from), "the end"}, kUntilAnswered,
       [this, from](const StatusOr<Reply>&) { until_ended(from + 1); });
}

}  // namespace longbeat::simulation
