#include "simulation/registry_witness.h"

#include <algorithm>

namespace longbeat::simulation {

using internal::StatusCode;
using server::Reply;
using server::StatusOr;
using server::WorkerBeat;

namespace {
constexpr std::int32_t kShutdown = 3;  // enums.WorkerStatus
constexpr const char* kStatusNames[] = {"Unspecified", "Running", "ShuttingDown", "Shutdown"};
}  // namespace

std::string RegistryWitness::new_query() {
  using Type = FieldModel::Type;
  if (world_.random().chance(25)) return {};
  std::vector<FieldModel> fields = {
      {"WorkerInstanceKey", Type::kKeyword, {}},
      {"TaskQueue", Type::kKeyword, {std::string("files"), std::string("mail")}},
      {"WorkerStatus", Type::kStatus, {std::string("Running"), std::string("ShuttingDown")}},
      {"StartTime", Type::kTime, {}}};
  for (const auto& [space, workers] : spaces_) {
    for (const auto& [key, worker] : workers) {
      fields[0].samples.push_back(key);
      fields[3].samples.push_back(std::int64_t{worker.beat.start_time.time_since_epoch().count()});
    }
  }
  const Condition condition = random_condition(world_.random(), fields);
  const std::string text = text_of(condition);
  queries_[text] = condition;
  return text;
}

bool RegistryWitness::matches(const std::string& query, const WorkerBeat& worker) const {
  if (query.empty()) return true;
  const Lookup lookup = [&](const std::string& name) -> FieldValue {
    if (name == "WorkerInstanceKey") return worker.instance_key;
    if (name == "TaskQueue") return worker.task_queue;
    if (name == "WorkerStatus") return std::string(kStatusNames[worker.status]);
    return std::int64_t{worker.start_time.time_since_epoch().count()};
  };
  return holds(queries_.at(query), lookup).value_or(false);
}

void RegistryWitness::beat(Workers& workers, const WorkerBeat& beat) {
  workers.erase(beat.instance_key);
  if (beat.status == kShutdown) return;
  workers[beat.instance_key] = {beat, ++turns_, world_.wall_now()};
  while (workers.size() > rules_.workers_max) {
    workers.erase(std::ranges::min_element(workers, {}, [](const auto& entry) { return entry.second.turn; }));
  }
}

RegistryWitness::Workers& RegistryWitness::living(const std::string& space) {
  Workers& workers = spaces_[space];
  std::erase_if(workers,
                [&](const auto& entry) { return world_.wall_now() - entry.second.seen >= rules_.forgotten_after; });
  return workers;
}

void RegistryWitness::answered(const server::Request& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (commit_failed) return;  // With that process the whole registry goes.
  if (const auto* beats = std::get_if<server::RecordWorkerHeartbeatRequest>(&request); beats != nullptr && reply) {
    for (const WorkerBeat& one : beats->beats) beat(living(beats->namespace_name), one);
  } else if (const auto* stops = std::get_if<server::ShutdownWorkerRequest>(&request);
             stops != nullptr && stops->beat && reply) {
    beat(living(stops->namespace_name), *stops->beat);
  } else if (const auto* list = std::get_if<server::ListWorkersRequest>(&request)) {
    if (!reply && !is_open_question(reply)) fail_("a list of workers is refused: " + to_string(reply.error()));
    if (reply) check(*list, std::get<server::ListWorkersReply>(*reply));
  } else if (const auto* count = std::get_if<server::CountWorkersRequest>(&request); count != nullptr && reply) {
    const auto expected = std::ranges::count_if(
        living(count->namespace_name), [&](const auto& entry) { return matches(count->query, entry.second.beat); });
    const auto told = std::get<server::CountWorkersReply>(*reply).count;
    if (told != expected) {
      fail_("workers that " + count->query + ": counted " + std::to_string(told) + ", not " + std::to_string(expected));
    }
  } else if (const auto* one = std::get_if<server::DescribeWorkerRequest>(&request)) {
    const Workers& workers = living(one->namespace_name);
    const auto known = workers.find(one->worker_instance_key);
    const bool found = known != workers.end();
    if (reply ? !found : reply.error().code == StatusCode::kNotFound && found) {
      return fail_("worker " + one->worker_instance_key + " is " + (reply ? "" : "not ") + "described");
    }
    if (reply && std::get<server::DescribeWorkerReply>(*reply).worker.message != known->second.beat.message) {
      fail_("worker " + one->worker_instance_key + " is described by an older heartbeat");
    }
  }
}

void RegistryWitness::check(const server::ListWorkersRequest& request, const server::ListWorkersReply& reply) {
  std::vector<std::string> expected, told;
  bool more = false;
  for (const auto& [key, worker] : living(request.namespace_name)) {
    if (!matches(request.query, worker.beat)) continue;
    if (!request.page_token.empty() && key <= request.page_token.substr(1)) continue;
    more = request.page_size > 0 && expected.size() == static_cast<std::size_t>(request.page_size);
    if (more) break;
    expected.push_back(key + " " + worker.beat.message);
  }
  for (const WorkerBeat& worker : reply.workers) told.push_back(worker.instance_key + " " + worker.message);
  if (told != expected || more != !reply.next_page_token.empty()) {
    fail_("workers that " + request.query + ": " + std::to_string(told.size()) + " in the list, expected " +
          std::to_string(expected.size()) + (more ? " and more" : ""));
  }
}

}  // namespace longbeat::simulation
