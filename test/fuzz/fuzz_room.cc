#include "fuzz/fuzz_room.h"

#include <google/protobuf/descriptor.h>
#include <google/rpc/status.pb.h>
#include <time.h>

#include <exception>
#include <set>

#include "rpc/failure_codec.h"
#include "rpc/status_codec.h"
#include "visibility/visibility.h"

namespace longbeat::server::test {

namespace pb = google::protobuf;
using internal::StatusCode;
using namespace std::chrono_literals;

namespace {

Duration processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

EngineOptions options() {
  EngineOptions options;
  options.namespaces = {"default", "other"};
  options.seed = 1;
  RequestLimits& limits = options.limits.namespaces["default"];
  limits.callbacks_enabled = true;
  limits.callback_addresses = {"http://*", "*"};
  limits.worker_commands = true;
  options.cut_failure = cut_failure;
  return options;
}

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

/// Codes that blame the caller, or the server's limits; everything else would be a fault of ours.
bool blames_the_caller(StatusCode code) {
  static const std::set kCodes{StatusCode::kInvalidArgument,    StatusCode::kNotFound,
                               StatusCode::kAlreadyExists,      StatusCode::kOutOfRange,
                               StatusCode::kFailedPrecondition, StatusCode::kUnimplemented,
                               StatusCode::kResourceExhausted};
  return kCodes.contains(code);
}

/// The part in which they differ, or nothing.
const char* differing_part(const ActivityState& a, const ActivityState& b) {
  if (!(*a.input == *b.input)) return "input";
  if (!(a.progress == b.progress)) return "progress";
  if (a.heartbeat_details != b.heartbeat_details) return "heartbeat details";
  if (a.last_failure != b.last_failure) return "last failure";
  if (a.outcome != b.outcome) return "outcome";
  return a.callbacks == b.callbacks ? nullptr : "callbacks";
}

/// As a restart may find it: a heartbeat without new details is not written (docs/durability.md).
void forget_beat(ActivityProgress& progress) {
  progress.last_heartbeat_time = Time{};
  progress.heartbeat_count = 0;
  progress.transition_count = 0;
}

/// Undecodable bytes are what we are here for: protobuf need not tell of each.
void silence_protobuf() {
#if GOOGLE_PROTOBUF_VERSION < 4'022'000
  pb::SetLogHandler(nullptr);
#endif
}

}  // namespace

class FuzzRoom::Sink final : public ReplySink {
 public:
  void reply(StatusOr<Reply> reply) override {
    ++replies;
    answer = std::move(reply);
  }
  int replies = 0;
  std::optional<StatusOr<Reply>> answer;
};

FuzzRoom::FuzzRoom() {
  silence_protobuf();
  open();
}

FuzzRoom::~FuzzRoom() = default;

void FuzzRoom::open() {
  EngineOptions with = options();
  with.on_fatal = [this](const std::string& reason) { complain("the engine has ended: " + reason); };
  auto visibility = open_synchronous_visibility({}, [this](std::uint64_t ticket, StatusOr<Answer> answer) {
    if (engine_) engine_->answered(ticket, std::move(answer));
  });
  if (!visibility) return complain("no projection: " + to_string(visibility.error()));
  with.visibility = std::move(*visibility);
  auto opened = Engine::open(std::make_unique<CrashableStore>(disk_), std::move(with), now_);
  if (!opened) return complain("no engine: " + to_string(opened.error()));
  engine_ = std::move(*opened);
}

FuzzReport FuzzRoom::run(const std::vector<FuzzCall>& calls) {
  for (const FuzzCall& call : calls) {
    if (!report_.complaints.empty()) break;  // What follows would only follow from it.
    doing_ = std::to_string(report_.calls) + " " + std::string(row_of(call).method);
    pass(pause_of(call));
    settle_waiting();
    const Duration before = processor_time();
    make(call);
    const Duration took = processor_time() - before;
    if (took > report_.slowest) {
      report_.slowest = took;
      report_.slowest_method = doing_;
    }
    ++report_.calls;
  }
  if (report_.complaints.empty()) end();
  return report_;
}

void FuzzRoom::make(const FuzzCall& call) {
  const Rpc& rpc = row_of(call);
  const auto request = request_of(rpc);
  bool is_message = parse(std::string_view(call.bytes), *request);
  std::string bytes = call.bytes;
  if (is_message) {
    replace_references(*request);
    bytes = to_bytes(*request);
    is_message = parse(std::string_view(bytes), *request);  // A token in the place of a text is no UTF-8.
  }
  try {
    const grpc::ByteBuffer buffer = buffer_of(bytes);
    if (rpc.stream) {
      auto responses = rpc.stream()->on_message({buffer, scratch_, ServerFacts{}});
      if (!responses) return check_refusal(responses.error(), is_message);
      for (const auto& response : *responses) check_response(rpc, response);
    } else if (rpc.local) {
      answer_locally(rpc, buffer, is_message);
    } else {
      submit(rpc, call, buffer, is_message);
    }
  } catch (const std::exception& error) {
    complain(std::string("thrown: ") + error.what());
  }
  scratch_.clear();
}

void FuzzRoom::answer_locally(const Rpc& rpc, const grpc::ByteBuffer& bytes, bool is_message) {
  const auto response = rpc.local({bytes, scratch_, ServerFacts{}});
  if (!response) return check_refusal(response.error(), is_message);
  check_response(rpc, *response);
}

void FuzzRoom::submit(const Rpc& rpc, const FuzzCall& call, const grpc::ByteBuffer& bytes, bool is_message) {
  const std::function<std::string(const char*)> header = [](const char* name) { return std::string(name); };
  auto request = rpc.decode({bytes, scratch_, header});
  scratch_.clear();
  if (!request) {
    ++report_.undecodable;
    if (is_message) complain("a message that its decoder does not take");
    return;
  }
  // A failure may have more causes than other readers take.
  const bool is_deep = !is_message && std::holds_alternative<FailedRequest>(*request);
  if (!is_message && !is_deep) return complain("decoded from bytes that are no message");

  step();  // What is due by now is not this call's doing.
  const States before = states();
  const std::uint64_t rows_before = disk_->rows();
  waiting_.push_back({std::make_unique<Sink>(), &rpc, doing_});
  Waiting& waiting = waiting_.back();
  engine_->submit({++last_call_, std::move(*request), patience_of(call), waiting.sink.get()});
  step();
  if (waiting.sink->replies == 0) step();  // The projection's answer comes with the next step.
  const bool answered = waiting.sink->replies > 0;
  const bool refused = answered && !*waiting.sink->answer;
  if (!answered && rpc.kind != Kind::kLongPoll) complain("not answered");

  const States after = states();
  const bool only_asks = rpc.cost == Cost::kRead;
  if (refused || only_asks) {
    const std::string changed = difference(before, after);
    if (!changed.empty()) complain((refused ? "refused, but changed " : "only asked, but changed ") + changed);
    if (disk_->rows() != rows_before) complain(refused ? "refused, but written" : "only asked, but written");
  }
  check_states(after);
  if (settle(waiting)) waiting_.pop_back();
}

void FuzzRoom::step() {
  engine_->step({now_, now_});
}

void FuzzRoom::pass(Duration duration) {
  const Time end = now_ + duration;
  // A policy may say to try again each nanosecond; then time passes in one go.
  for (int steps = 0; steps < 200; ++steps) {
    const auto wake = engine_->next_wakeup();
    if (!wake || *wake > end) break;
    now_ = std::max(now_ + 1ms, *wake);
    step();
  }
  now_ = std::max(now_, end);
  step();
}

bool FuzzRoom::settle(Waiting& waiting) {
  if (waiting.sink->replies == 0) return false;
  if (waiting.sink->replies > 1) complain(waiting.name + " was answered twice");
  const StatusOr<Reply>& reply = *waiting.sink->answer;
  if (!reply) {
    ++report_.refused;
    check_refusal(reply.error(), true);
    return true;
  }
  ++report_.answered;
  remember(*reply);
  check_response(*waiting.rpc, waiting.rpc->encode({*reply, scratch_, now_}));
  scratch_.clear();
  return true;
}

void FuzzRoom::settle_waiting() {
  try {
    std::erase_if(waiting_, [this](Waiting& waiting) { return settle(waiting); });
  } catch (const std::exception& error) {
    complain(std::string("thrown while encoding an earlier call's answer: ") + error.what());
  }
}

void FuzzRoom::check_refusal(const Status& status, bool is_message) {
  if (!is_message) {
    ++report_.undecodable;
    if (status.code != StatusCode::kInternal) complain("undecodable, but " + to_string(status));
    return;
  }
  // A caller whose time was over before it called is told so.
  const bool too_late = status.code == StatusCode::kDeadlineExceeded;
  if (!blames_the_caller(status.code) && !too_late) complain("refused as the server's fault: " + to_string(status));
  const grpc::Status sent = to_grpc(status);
  google::rpc::Status rich;
  if (sent.error_message().size() > 4'100) complain("a refusal too long to send");
  if (!rich.ParseFromString(sent.error_details())) complain("details that cannot be read: " + to_string(status));
}

void FuzzRoom::check_response(const Rpc& rpc, const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  const auto response = response_of(rpc);
  if (!bytes.DumpToSingleSlice(&slice).ok() ||
      !response->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    complain("an answer that its caller cannot read");
  }
}

void FuzzRoom::remember(const Reply& reply) {
  const auto keep = [this](const char* kind, const std::string& value) {
    if (!value.empty()) remembered_[kind].push_back(value);
  };
  if (const auto* start = std::get_if<StartReply>(&reply)) {
    keep("run", start->run_id);
    runs_[start->run_id] = {start->namespace_name, start->activity_id, start->run_id};
  } else if (const auto* task = std::get_if<PollTaskReply>(&reply)) {
    keep("task", task->token);
  } else if (const auto* commands = std::get_if<CommandsReply>(&reply)) {
    keep("task", commands->token);
  } else if (const auto* description = std::get_if<DescribeReply>(&reply)) {
    keep("poll", description->long_poll_token);
  } else if (const auto* page = std::get_if<ListActivitiesReply>(&reply)) {
    keep("page", page->page.next_page_token);
  } else if (const auto* workers = std::get_if<ListWorkersReply>(&reply)) {
    keep("page", workers->next_page_token);
  } else if (const auto* spaces = std::get_if<ListNamespacesReply>(&reply)) {
    keep("page", spaces->next_page_token);
  }
}

void FuzzRoom::replace_references(pb::Message& request) const {
  const pb::Reflection& how = *request.GetReflection();
  std::vector<const pb::FieldDescriptor*> set;
  how.ListFields(request, &set);
  for (const auto* field : set) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING || field->is_repeated()) continue;
    const std::string text = how.GetString(request, field);
    if (text.size() < 2 || text.size() > 8 || text[0] != '$') continue;
    const auto known = remembered_.find(text.substr(1, text.size() - 2));
    const auto back = static_cast<std::size_t>(text.back() - '0');
    if (known == remembered_.end() || back >= known->second.size()) continue;
    how.SetString(&request, field, known->second[known->second.size() - 1 - back]);
  }
}

void FuzzRoom::complain(const std::string& what) {
  report_.complaints.push_back(doing_ + ": " + what);
}

FuzzRoom::States FuzzRoom::states() const {
  States states;
  for (const auto& [run_id, ref] : runs_) {
    if (const auto state = engine_->find(ref)) states.emplace(run_id, *state);
  }
  return states;
}

void FuzzRoom::check_states(const States& states) {
  for (const auto& [run_id, state] : states) {
    const ActivityProgress& progress = state.progress;
    if (is_closed(progress.phase) != state.outcome.has_value()) complain("closed and outcome differ in run " + run_id);
    if (progress.attempt < 1 || progress.stamp < 1 || progress.heartbeat_count < 0) complain("a count fell, " + run_id);
    if (is_closed(progress.phase) && progress.close_time == Time{}) complain("closed at no time, run " + run_id);
  }
}

std::string FuzzRoom::difference(const States& before, const States& after) {
  for (const auto& [run_id, state] : before) {
    const auto found = after.find(run_id);
    if (found == after.end()) return run_id + " (gone)";
    if (const char* part = differing_part(state, found->second)) return std::string(part) + " of run " + run_id;
  }
  return after.size() > before.size() ? "what there is" : "";
}

void FuzzRoom::end() {
  doing_ = "end";
  pass(71s);
  pass(1ms);  // The projection's answers come with the step after.
  settle_waiting();
  for (const Waiting& waiting : waiting_) complain(waiting.name + " waits for ever");
  step();
  States before = states();
  check_states(before);
  report_.engine = engine_->stats();
  engine_->stop_accepting();
  engine_.reset();
  open();
  if (!engine_) return;
  States after = states();
  for (States* side : {&before, &after}) {
    for (auto& [run_id, state] : *side) forget_beat(state.progress);
  }
  const std::string changed = difference(before, after);
  if (!changed.empty()) complain("a restart finds something else for " + changed);
}

}  // namespace longbeat::server::test
