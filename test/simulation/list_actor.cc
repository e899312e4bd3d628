#include "simulation/list_actor.h"

#include <algorithm>

#include "simulation/attribute_text.h"
#include "simulation/life_match.h"
#include "simulation/operator_actor.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using server::Reply;
using server::StatusOr;
using Type = FieldModel::Type;

namespace {

constexpr const char* kStatusNames[] = {"",         "Running",    "Completed", "Failed",
                                        "Canceled", "Terminated", "TimedOut",  "Paused"};
constexpr Nanoseconds kFilled = 5s;  ///< A new process needs so long to fill its projection.

std::int64_t nanos(WallTime time) {
  return time.time_since_epoch().count();
}

bool is_open(const FieldValue& status) {
  const auto& name = std::get<std::string>(status);
  return name == "Running" || name == "Paused";
}

}  // namespace

struct ListActor::Question {
  std::string space{}, text{};
  std::optional<Condition> condition{};
  Rows before{};
  std::uint64_t life = 0;
  bool ready = false, counts = false, grouped = false, last = false;
  std::vector<std::string> listed{};  ///< run IDs, in order
};

void ListActor::act() {
  if (settling_) return;
  auto& random = world_.random();
  if (!registered_) {
    const std::map<std::string, std::int32_t> types{{"Colour", 2}, {"Size", 3}, {"Urgent", 5}, {"Tags", 7}};
    send(server::AddSearchAttributesRequest{kListsNamespace, types}, 10,
         [this](const StatusOr<Reply>& reply) { registered_ |= !is_open_question(reply); });
  }
  const auto kind = random.below(100);
  if (kind < 30 || ids_.empty()) return start();
  if (kind < 50) return change();
  ask(kind < 75 ? kListsNamespace : kind < 90 ? kNamespace : kOtherNamespace);
}

void ListActor::start() {
  auto& random = world_.random();
  server::StartRequest request;
  request.namespace_name = kListsNamespace;
  request.identity = "lists";
  request.request_id = "list-" + std::to_string(++next_request_);
  ids_.push_back("item-" + std::to_string(random.below(2 * ids_.size() + 2)));
  request.activity_id = ids_.back();
  request.type = random.chance(50) ? "count" : "it's";
  request.has_task_queue = true;
  request.task_queue = random.chance(50) ? "lists" : "others";
  request.schedule_to_close = raw(world_.between(1s, 100s));
  request.start_to_close = raw(10s);
  if (random.chance(30)) request.start_delay = raw(world_.between(1ms, 20s));
  if (registered_) {
    Fields& fields = attributes_[request.request_id];
    if (random.chance(70)) fields["Colour"] = std::string(random.chance(50) ? "red" : "reddish");
    if (random.chance(70)) fields["Size"] = std::int64_t{static_cast<std::int64_t>(random.below(5)) - 2};
    if (random.chance(70)) fields["Urgent"] = random.chance(50);
    if (random.chance(70)) {
      std::vector<std::string> tags{"new"};
      if (random.chance(50)) tags.emplace_back("big");
      fields["Tags"] = tags;
    }
    for (const auto& [name, value] : fields) put_attribute(request, name, value);
  }
  send(std::move(request), 3);
}

void ListActor::change() {
  const std::string id = ids_[world_.random().below(ids_.size())];
  const server::RunRef run{kListsNamespace, id, {}};
  const auto request_id = "list-" + std::to_string(++next_request_);
  switch (world_.random().below(5)) {
    case 0:
      return send(server::CompletedRequest{kListsNamespace, {}, "lists", {}, server::ById{{}, {}, id}}, 3);
    case 1:
      return send(server::TerminateRequest{run, "lists", request_id, "enough"}, 3);
    case 2:
      return send(server::CancelRequest{run, "lists", request_id, "superseded", {}}, 3);
    case 3:
      return send(server::PauseRequest{run, {}, "lists", request_id, "wait"}, 3);
    default:
      return send(server::UnpauseRequest{run, {}, "lists", request_id, "goes on", {}}, 3);
  }
}

ListActor::Rows ListActor::rows_of(const std::string& space) const {
  Rows rows;
  if (!server_.up()) return rows;
  for (const auto& [run_id, id] : lives_.runs_in(space)) {
    const auto state = server_.engine()->find({space, id, run_id});
    if (!state) continue;
    const auto& input = *state->input;
    Row& row = rows[run_id];
    row.transitions = state->progress.transition_count;
    row.changed_at = lives_.changed_at(run_id);
    const auto attributes = attributes_.find(std::string(input.start_request_id));
    if (attributes != attributes_.end() && space == kListsNamespace) row.fields = attributes->second;
    row.fields["RunId"] = run_id;
    row.fields["ActivityId"] = id;
    row.fields["WorkflowId"] = id;
    row.fields["ActivityType"] = std::string(input.type);
    row.fields["TaskQueue"] = std::string(input.options.task_queue);
    row.fields["ExecutionStatus"] = std::string(kStatusNames[status_of(*state)]);
    row.fields["StartTime"] = nanos(input.schedule_time);
    row.fields["ExecutionTime"] = nanos(input.schedule_time + input.options.start_delay);
    if (!server::is_closed(state->progress.phase)) continue;
    row.fields["CloseTime"] = nanos(state->progress.close_time);
    row.fields["ExecutionDuration"] = nanos(state->progress.close_time) - nanos(input.schedule_time);
  }
  return rows;
}

Condition ListActor::new_condition(const Rows& rows, const std::string& space) {
  std::vector<FieldModel> fields{{"ActivityId", Type::kKeyword, {std::string("activity-1")}},
                                 {"WorkflowId", Type::kKeyword, {}},
                                 {"RunId", Type::kKeyword, {}},
                                 {"ActivityType", Type::kKeyword, {}},
                                 {"TaskQueue", Type::kKeyword, {}},
                                 {"ExecutionStatus", Type::kStatus, {std::string("Paused"), std::string("Failed")}},
                                 {"StartTime", Type::kTime, {}},
                                 {"ExecutionTime", Type::kTime, {}},
                                 {"CloseTime", Type::kTime, {}},
                                 {"ExecutionDuration", Type::kDuration, {}}};
  if (space == kListsNamespace && registered_) {
    fields.push_back({"Colour", Type::kKeyword, {std::string("red")}});
    fields.push_back({"Size", Type::kInt, {std::int64_t{0}}});
    fields.push_back({"Urgent", Type::kBool, {true}});
    fields.push_back({"Tags", Type::kKeywordList, {std::vector<std::string>{"new"}}});
  }
  for (auto& field : fields) {
    for (const auto& [run_id, row] : rows) {
      const auto found = row.fields.find(field.name);
      if (found != row.fields.end()) field.samples.push_back(found->second);
    }
  }
  return random_condition(world_.random(), fields);
}

void ListActor::ask(const std::string& space) {
  auto question = std::make_shared<Question>();
  question->space = space;
  question->life = server_.life();
  question->before = rows_of(space);
  question->ready = lives_.up_for(kFilled);
  question->last = settling_;
  if (world_.random().chance(90)) {
    question->condition = new_condition(question->before, space);
    question->text = text_of(*question->condition);
  }
  question->counts = world_.random().chance(30);
  if (!question->counts) return next_page(std::move(question), {});
  question->grouped = world_.random().chance(50);
  const std::string text = question->text + (question->grouped ? " GROUP BY ExecutionStatus" : "");
  send(server::CountActivitiesRequest{space, text}, 1, [this, question](const StatusOr<Reply>& reply) {
    if (reply) check_count(*question, std::get<server::CountActivitiesReply>(*reply));
    if (!reply && !is_open_question(reply)) {
      fail_("the count of " + question->text + " is refused: " + to_string(reply.error()));
    }
    answered(*question);
  });
}

void ListActor::next_page(std::shared_ptr<Question> question, std::string token) {
  const auto size = static_cast<std::int32_t>(world_.random().below(6));
  server::ListActivitiesRequest request{question->space, question->text, std::move(token), size};
  send(std::move(request), 1, [this, question](const StatusOr<Reply>& reply) {
    if (!reply) {
      if (!is_open_question(reply)) {
        fail_("the list of " + question->text + " is refused: " + to_string(reply.error()));
      }
      return answered(*question);
    }
    const auto& page = std::get<server::ListActivitiesReply>(*reply).page;
    for (const auto& row : page.rows) question->listed.push_back(row.run_id);
    if (page.next_page_token.empty()) {
      check_list(*question);
      return answered(*question);
    }
    const auto pause = world_.between(0s, settling_ ? 1ms : 1s);
    loop_.after(pause, [this, question, token = page.next_page_token] { next_page(question, token); });
  });
}

ListActor::Rows ListActor::stable(const Question& question) const {
  Rows rows = question.before;
  const Rows now = rows_of(question.space);
  std::erase_if(rows, [&](const auto& entry) {
    const auto found = now.find(entry.first);
    return found == now.end() || found->second != entry.second;
  });
  return rows;
}

void ListActor::check_list(const Question& question) {
  // Another process has a projection of its own, which it fills anew.
  if (!question.ready || question.life != server_.life()) return;
  const std::string name = "the list of " + (question.text.empty() ? "everything" : question.text);
  std::set<std::string> listed;
  for (const auto& run_id : question.listed) {
    if (!listed.insert(run_id).second) fail_(name + " shows " + run_id + " twice");
  }
  const Rows rows = stable(question);
  for (const auto& [run_id, row] : rows) {
    const Lookup lookup = [&row = row](const std::string& field) {
      const auto found = row.fields.find(field);
      return found == row.fields.end() ? FieldValue() : found->second;
    };
    const bool expected = !question.condition || holds(*question.condition, lookup).value_or(false);
    if (expected != listed.contains(run_id)) {
      fail_(name + (expected ? " does not show " : " shows ") + std::get<std::string>(row.fields.at("ActivityId")));
    }
  }
  check_order(question, rows);
}

void ListActor::check_order(const Question& question, const Rows& stable) {
  const Row* before = nullptr;
  const auto is_open_row = [](const Row& one) { return is_open(one.fields.at("ExecutionStatus")); };
  const auto key = [&](const Row& one) {
    const bool open = is_open_row(one);
    return std::tuple(open, open ? 0 : std::get<std::int64_t>(one.fields.at("CloseTime")),
                      std::get<std::int64_t>(one.fields.at("StartTime")));
  };
  for (const auto& run_id : question.listed) {
    const auto found = stable.find(run_id);
    if (found == stable.end()) continue;
    const Row& row = found->second;
    if (before != nullptr && key(*before) < key(row)) {
      // What closes after a list has begun goes before what had closed, also when a clock was set back meanwhile.
      const bool closed_later = !is_open_row(*before) && !is_open_row(row) && before->changed_at >= row.changed_at &&
                                before->fields.at("CloseTime") != row.fields.at("CloseTime");
      if (!closed_later) {
        fail_("the list of " + question.text + " is not in order at " +
              std::get<std::string>(row.fields.at("ActivityId")));
      }
    }
    before = &row;
  }
}

void ListActor::check_count(const Question& question, const server::CountActivitiesReply& reply) {
  if (!question.ready || question.life != server_.life() || !lives_.knows_all(question.space)) return;
  std::map<std::string, std::int64_t> least;
  std::int64_t all = 0;
  const Rows rows = stable(question);
  for (const auto& [run_id, row] : rows) {
    const Lookup lookup = [&row = row](const std::string& field) {
      const auto found = row.fields.find(field);
      return found == row.fields.end() ? FieldValue() : found->second;
    };
    if (question.condition && !holds(*question.condition, lookup).value_or(false)) continue;
    ++least[std::get<std::string>(row.fields.at("ExecutionStatus"))];
    ++all;
  }
  // What has come, gone or changed meanwhile may be in it or not.
  std::set<std::string> loose;
  for (const Rows& some : {question.before, rows_of(question.space)}) {
    for (const auto& [run_id, row] : some) {
      if (!rows.contains(run_id)) loose.insert(run_id);
    }
  }
  const auto slack = static_cast<std::int64_t>(loose.size());
  const auto check = [&](const std::string& what, std::int64_t told, std::int64_t expected) {
    if (told >= expected && told <= expected + slack) return;
    fail_("the count of " + question.text + what + " is " + std::to_string(told) + ", not " + std::to_string(expected) +
          " to " + std::to_string(expected + slack));
  };
  check("", reply.count.count, all);
  if (!question.grouped) return;
  std::map<std::string, std::int64_t> groups(reply.count.groups.begin(), reply.count.groups.end());
  for (const char* status : kStatusNames) check(std::string(" in group ") + status, groups[status], least[status]);
}

void ListActor::answered(const Question& question) {
  if (!question.last) return;
  --last_questions_;
  if (last_questions_ == 0) return;
  constexpr const char* kSpaces[] = {kListsNamespace, kNamespace, kOtherNamespace};
  ask(kSpaces[last_questions_ % 3]);
}

void ListActor::settle() {
  Neighbour::settle();
  until_ended(0);
}

void ListActor::until_ended(std::size_t from) {
  if (from == ids_.size()) {
    loop_.after(kFilled, [this] { ask(kListsNamespace); });
    return;
  }
  const server::RunRef run{kListsNamespace, ids_[from], {}};
  send(server::TerminateRequest{run, "lists", "list-end-" + std::to_string(from), "the end"}, kUntilAnswered,
       [this, from](const StatusOr<Reply>&) { until_ended(from + 1); });
}

}  // namespace longbeat::simulation
