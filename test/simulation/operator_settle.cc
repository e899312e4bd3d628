// The end of a run: nothing stays paused or out of reach, and the lists are right.
#include <set>

#include "simulation/operator_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;
using server::Phase;
using server::Reply;
using server::StatusOr;

namespace {
constexpr int kRoundsInPause = 12;
}

struct OperatorActor::Listing {
  std::string space{};
  std::map<std::string, std::int32_t> before{}, seen{};
};

void OperatorActor::settle() {
  settling_ = true;
  ++rounds_;
  bool all_closed = rounds_ > 1;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].closed) continue;
    all_closed = false;
    settle_job(i);
  }
  // Twice: an order of before whose answer was lost is repeated after its deadline, and would have the last word.
  if (rounds_ <= 2) {
    for (const char* space : {kNamespace, kOtherNamespace}) {
      server::UpdateTaskQueueConfigRequest request;
      request.namespace_name = space;
      request.task_queue = kQueue;
      request.type = 2;
      request.queue_rate = server::UpdateTaskQueueConfigRequest::Rate{};
      send(std::move(request), 20);
    }
  }
  if (all_closed) {
    lists_right_ = 0;
    check_list(kNamespace);
    check_list(kOtherNamespace);
    return;
  }
  loop_.after(15s, [this] { settle(); });
}

void OperatorActor::settle_job(std::size_t number) {
  const Job& job = jobs_[number];
  server::DescribeRequest describe;
  describe.run = {job.space, job.id, {}};
  send(std::move(describe), 3, [this, number](const StatusOr<Reply>& reply) {
    Job& settled = jobs_[number];
    const bool known = witness_.lives().has_begun(settled.space, settled.id);
    if (!reply) {
      // The client goes on trying to start what it wants to run.
      if (reply.error().code == StatusCode::kNotFound && !settled.starting && (settled.mine || known)) {
        settled.closed = true;
      }
      return;
    }
    const auto& state = *std::get<server::DescribeReply>(*reply).state;
    const server::RunRef run{settled.space, settled.id, internal::to_string(state.input->run_id)};
    settled.closed = server::is_closed(state.progress.phase) && !settled.starting;
    if (settled.closed) return;
    const bool paused = state.progress.phase == Phase::kPaused || state.progress.phase == Phase::kPauseRequested;
    // What has a deadline for the whole gets the time to show that it ends while it is paused.
    if (paused && (rounds_ > kRoundsInPause || state.input->options.timeouts.schedule_to_close == Nanoseconds(0))) {
      send(server::UnpauseRequest{run, {}, "operator", new_request_id(), "the end", {}}, 3);
    }
    if (state.input->options.task_queue != kQueue) {
      server::UpdateOptionsRequest update;
      update.run = run;
      update.request_id = new_request_id();
      update.options.emplace();
      update.options->task_queue = kQueue;
      update.update_mask = {"task_queue.name"};
      send(std::move(update), 3);
    }
    // Nobody works there.
    if (settled.space == kOtherNamespace && rounds_ > kRoundsInPause) {
      send(server::TerminateRequest{run, "operator", new_request_id(), "the end"}, 3);
    }
  });
}

void OperatorActor::check_list(const std::string& space) {
  auto listing = std::make_shared<Listing>();
  listing->space = space;
  listing->before = witness_.lives().settled(space);
  next_page(std::move(listing), {});
}

void OperatorActor::next_page(std::shared_ptr<Listing> listing, std::string token) {
  const auto size = static_cast<std::int32_t>(1 + world_.random().below(8));
  server::ListActivitiesRequest request{listing->space, {}, std::move(token), size};
  send(std::move(request), 1, [this, listing](const StatusOr<Reply>& reply) {
    if (!reply) {
      loop_.after(1s, [this, space = listing->space] { check_list(space); });
      return;
    }
    const auto& page = std::get<server::ListActivitiesReply>(*reply).page;
    for (const auto& row : page.rows) {
      if (!listing->seen.emplace(row.run_id, row.status).second) witness_.listed_wrongly(row.activity_id, "twice");
    }
    if (!page.next_page_token.empty()) return next_page(listing, page.next_page_token);
    const auto now = witness_.lives().settled(listing->space);
    for (const auto& [run_id, status] : listing->before) {
      const auto still = now.find(run_id);
      if (status == 0 || still == now.end() || still->second != status) continue;
      const auto seen = listing->seen.find(run_id);
      if (seen == listing->seen.end()) {
        witness_.listed_wrongly(run_id, "not at all");
      } else if (seen->second != status) {
        witness_.listed_wrongly(run_id,
                                "with status " + std::to_string(seen->second) + ", not " + std::to_string(status));
      }
    }
    for (const auto& [run_id, status] : listing->seen) {
      if (!listing->before.contains(run_id) && !now.contains(run_id)) {
        witness_.listed_wrongly(run_id, "though it is long gone");
      }
    }
    send(server::CountActivitiesRequest{listing->space, {}}, 3, [this, listing](const StatusOr<Reply>& counted) {
      const auto all = witness_.lives().settled(listing->space);
      const bool same = counted && all.size() == listing->seen.size();
      if (same &&
          std::get<server::CountActivitiesReply>(*counted).count.count != static_cast<std::int64_t>(all.size())) {
        witness_.listed_wrongly(listing->space, "with another count");
      }
      at_rest_ = ++lists_right_ == 2;
    });
  });
}

}  // namespace longbeat::simulation
