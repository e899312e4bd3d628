#include "rpc/generic_call.h"

#include <exception>
#include <utility>

#include "rpc/admin.h"
#include "rpc/event_loop.h"
#include "rpc/request_scope.h"
#include "rpc/status_codec.h"
#include "rpc/version_headers.h"

namespace longbeat::server {

using internal::StatusCode;

void GenericCall::arm() {
  context_.emplace();
  stream_.emplace(&*context_);
  // Has to be said before the call arrives, thus for every call. It costs one event each; the tag itself is on gRPC's
  // list either way.
  context_->AsyncNotifyWhenDone(&done_tag_);
  step_ = Step::kArmed;
  done_ = false;
  rpc_ = nullptr;
  loop_.request_call(*context_, *stream_, &step_tag_);
}

void GenericCall::on_step(bool ok) {
  caller_moved();
  switch (step_) {
    case Step::kArmed:
      if (ok) return on_arrival();
      // Shutdown: no call came, so its done tag never will.
      done_ = true;
      step_ = Step::kIdle;
      loop_.disarmed();
      return rest_if_over();
    case Step::kReading:
      return on_request(ok);
    case Step::kWriting:
      return on_written(ok);
    case Step::kFinishing:
      return on_finished(ok);
    case Step::kIdle:
    case Step::kHeldBack:
    case Step::kInLine:
    case Step::kWithEngine:
    case Step::kStreaming:
      return;  // No tag of ours is out in these.
  }
}

void GenericCall::on_arrival() {
  id_ = loop_.call_arrived();
  rpc_ = find_rpc(context_->method());
  if (!rpc_) {
    ++loop_.counters().unknown_methods;
    return finish({StatusCode::kUnimplemented, "unknown method " + context_->method(), {}});
  }
  if (is_probe()) loop_.probe_began();
  if (loop_.overloaded(is_probe())) {
    ++loop_.counters().refused_overload;
    return finish({StatusCode::kResourceExhausted, "too many calls at once",
                   internal::ResourceExhaustedDetail{kCauseConcurrentLimit, kScopeSystem}});
  }
  // Before anything that costs more: refusing has to be much cheaper than serving.
  if (brings_work(*rpc_) && loop_.shedding()) {
    ++loop_.counters().shed;
    return refuse_as_overloaded();
  }
  if (loop_.too_many_connections() && loop_.is_surplus(context_->peer())) {
    ++loop_.counters().refused_overload;
    return finish({StatusCode::kResourceExhausted, "too many connections at once",
                   internal::ResourceExhaustedDetail{kCauseConcurrentLimit, kScopeSystem}});
  }
  if (!loop_.gate().is_open() && !admitted()) return;
  step_ = Step::kReading;
  wait_for_caller(0);
  stream_->Read(&request_, &step_tag_);
}

void GenericCall::refuse_as_overloaded() {
  held_back_ = loop_.hold_back(*this);
  if (!held_back_) return refuse_now();
  step_ = Step::kHeldBack;
}

void GenericCall::refuse_now() {
  if (held_back_) loop_.holds_no_more(*std::exchange(held_back_, std::nullopt));
  static const Status refusal{StatusCode::kResourceExhausted, "the server is overloaded: try again later",
                              internal::ResourceExhaustedDetail{kCauseSystemOverloaded, kScopeSystem}};
  static const grpc::Status encoded = to_grpc(refusal);
  finish(refusal, encoded);
}

void GenericCall::wait_for_caller(std::size_t bytes) {
  waits_for_caller_ = loop_.waits(*this, step_ == Step::kReading, bytes);
}

void GenericCall::caller_moved() {
  if (!waits_for_caller_) return;
  loop_.waits_no_more(*std::exchange(waits_for_caller_, std::nullopt), step_ == Step::kReading);
}

void GenericCall::cut_off() {
  ++loop_.counters().cut_off;
  caller_moved();
  context_->TryCancel();  // The tag that is out comes back, not ok.
}

bool GenericCall::admitted() try {
  auto key = loop_.gate().admit(*rpc_, header_view("authorization"), loop_.now(), [this] { return context_->peer(); });
  if (key) {
    key_ = std::move(*key);
  } else {
    finish(key.error());
  }
  return key.ok();
} catch (const std::exception& error) {
  ++loop_.counters().exceptions;
  finish(internal::internal_error(std::string(rpc_->method) + ": " + error.what()));
  return false;
}

bool GenericCall::admitted_to(std::string_view namespace_name) {
  const auto key = std::exchange(key_, nullptr);
  const auto ok =
      loop_.gate().check_namespace(*rpc_, *key, namespace_name, loop_.now(), [this] { return context_->peer(); });
  if (!ok) finish(ok.error());
  return ok.ok();
}

void GenericCall::on_request(bool ok) {
  if (!ok && handler_) return finish(Status{StatusCode::kOk, {}, {}});  // The caller has said all it wanted to.
  if (!ok) return finish(internal::internal_error("the call carried no request message"));
  const std::size_t size = request_.Length();
  if (size > loop_.limits().receive_bytes_max) {
    ++loop_.counters().oversized;
    return finish(message_too_large(size, loop_.limits().receive_bytes_max));
  }
  if (handler_) return take_turn();  // The next message of a conversation: its turn never ended.
  step_ = Step::kInLine;
  loop_.wait_in_line(*this, brings_work(*rpc_));
}

void GenericCall::take_turn() {
  if (done_) {  // Nobody waits for the answer any more.
    ++loop_.counters().callers_gone;
    return on_finished(false);
  }
  try {
    dispatch();
  } catch (const std::exception& error) {
    ++loop_.counters().exceptions;
    finish(internal::internal_error(std::string(rpc_->method) + ": " + error.what()));
  }
}

void GenericCall::dispatch() {
  if (const auto fits = check_versions([this](const char* name) { return header(name); }); !fits) {
    return finish(fits.error());
  }
  if (rpc_->local_only && !is_local_peer(context_->peer())) {
    return finish({StatusCode::kPermissionDenied,
                   std::string(rpc_->method) + " is answered for callers on the server's own machine only",
                   {}});
  }
  if (rpc_->stream) {
    answer_stream();
  } else if (rpc_->local) {
    answer_locally();
  } else {
    submit();
  }
  loop_.scratch().clear();
}

void GenericCall::answer_locally() {
  // Bytes that are no request of this call name no namespace, so they are none of its key's business.
  if (key_ && !admitted_to(namespace_of(*rpc_, request_).value_or(""))) return;
  auto response = rpc_->local({request_, loop_.scratch(), loop_.facts()});
  if (!response) return finish(response.error());
  finish(*response);
}

void GenericCall::answer_stream() {
  if (!loop_.accepting()) return finish(internal::unavailable("the server is stopping"));
  if (!handler_) {
    handler_ = rpc_->stream();
    loop_.stream_began(*this);
  }
  auto responses = handler_->on_message({request_, loop_.scratch(), loop_.facts()});
  request_.Clear();
  if (!responses) return finish(responses.error());
  outgoing_.assign(std::make_move_iterator(responses->begin()), std::make_move_iterator(responses->end()));
  write_next();
}

void GenericCall::write_next() {
  if (loop_.queue_closed()) return on_finished(false);
  if (!outgoing_.empty()) {
    step_ = Step::kWriting;
    wait_for_caller(outgoing_.front().Length());
    stream_->Write(outgoing_.front(), &step_tag_);
  } else if (handler_->reads_on()) {
    step_ = Step::kReading;
    stream_->Read(&request_, &step_tag_);
  } else if (done_) {
    on_finished(false);
  } else {
    step_ = Step::kStreaming;
  }
}

void GenericCall::on_written(bool ok) {
  outgoing_.pop_front();
  if (!ok) return on_finished(false);  // The caller has gone; "done" says so too.
  write_next();
}

void GenericCall::stop_stream() {
  if (step_ != Step::kStreaming) return context_->TryCancel();
  const auto last = handler_->last_message(loop_.scratch());
  const grpc::Status status = to_grpc(internal::unavailable("the server is stopping"));
  step_ = Step::kFinishing;
  if (last) {
    stream_->WriteAndFinish(*last, grpc::WriteOptions(), status, &step_tag_);
  } else {
    stream_->Finish(status, &step_tag_);
  }
  loop_.scratch().clear();
}

bool GenericCall::say_farewell() {
  farewell_ = step_ == Step::kInLine || step_ == Step::kWithEngine || step_ == Step::kFinishing;
  return farewell_;
}

void GenericCall::submit() {
  const std::function<std::string(const char*)> header_of = [this](const char* name) { return header(name); };
  auto request = rpc_->decode({request_, loop_.scratch(), header_of});
  request_.Clear();
  if (!request) {
    ++loop_.counters().undecodable;
    return finish(internal::internal_error("the request bytes are not what " + std::string(rpc_->method) +
                                           " takes, or they are nested too deeply"));
  }
  if (key_ && !admitted_to(namespace_of(*request))) return;
  step_ = Step::kWithEngine;
  loop_.submit({id_, std::move(*request), patience(), this});
  // The caller left while the request was being read: on_done() could not tell the engine of a call it did not have.
  if (done_) {
    ++loop_.counters().callers_gone;
    loop_.caller_gone(id_);
  }
}

void GenericCall::reply(StatusOr<Reply> reply) {
  if (reply) {
    if (auto* task = std::get_if<PollTaskReply>(&*reply)) token_ = task->token;
  }
  if (done_) {  // The caller went away while the engine had the call.
    return on_finished(false);
  }
  try {
    if (!reply) return finish(reply.error());
    response_ = rpc_->encode({*reply, loop_.scratch(), loop_.step_time()});
    loop_.scratch().clear();
    if (!token_.empty()) return loop_.hold(*this);
    hand_over();
  } catch (const std::exception& error) {
    ++loop_.counters().exceptions;
    loop_.scratch().clear();
    loop_.undelivered(std::exchange(token_, {}));
    finish(internal::internal_error(std::string(rpc_->method) + ": " + error.what()));
  }
}

void GenericCall::hand_over() {
  const grpc::ByteBuffer response = std::exchange(response_, {});
  if (done_) return on_finished(false);
  finish(response);
}

void GenericCall::finish(const grpc::ByteBuffer& response) {
  if (loop_.queue_closed()) return on_finished(false);
  step_ = Step::kFinishing;
  wait_for_caller(response.Length());
  stream_->WriteAndFinish(response, grpc::WriteOptions(), grpc::Status::OK, &step_tag_);
}

void GenericCall::finish(const Status& status) {
  finish(status, to_grpc(status));
}

void GenericCall::finish(const Status& status, const grpc::Status& encoded) {
  if (loop_.queue_closed()) return on_finished(false);
  if (const auto* exhausted = std::get_if<internal::ResourceExhaustedDetail>(&status.detail)) {
    context_->AddInitialMetadata("x-resource-exhausted-cause", resource_exhausted_cause(exhausted->cause));
    context_->AddInitialMetadata("x-resource-exhausted-scope", resource_exhausted_scope(exhausted->scope));
    loop_.limit_reached(status, exhausted->cause, rpc_->method);
  }
  step_ = Step::kFinishing;
  wait_for_caller(0);
  stream_->Finish(encoded, &step_tag_);
}

void GenericCall::on_finished(bool ok) {
  step_ = Step::kIdle;
  if (ok) token_.clear();  // It is on its way; a connection lost from here on is a matter of the timeouts.
  if (std::exchange(farewell_, false)) loop_.farewell_over();
  rest_if_over();
}

void GenericCall::on_done() {
  done_ = true;
  if (step_ == Step::kWithEngine && context_->IsCancelled()) {
    ++loop_.counters().callers_gone;
    return loop_.caller_gone(id_);  // The engine still answers; reply() ends the call.
  }
  if (step_ == Step::kHeldBack) loop_.holds_no_more(*std::exchange(held_back_, std::nullopt));
  if (step_ == Step::kStreaming || step_ == Step::kHeldBack) step_ = Step::kIdle;
  rest_if_over();
}

void GenericCall::rest_if_over() {
  if (step_ != Step::kIdle || !done_) return;
  loop_.undelivered(std::exchange(token_, {}));
  request_.Clear();
  key_.reset();
  if (handler_) loop_.stream_ended(*this);
  handler_.reset();
  outgoing_.clear();
  stream_.reset();
  context_.reset();
  loop_.at_rest(*this);
}

std::optional<Duration> GenericCall::patience() const {
  const gpr_timespec deadline = context_->raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::nullopt;
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  constexpr std::int64_t kForeverSeconds = 365LL * 24 * 3600;  // Some clients send "none" as a very long time.
  if (left.tv_sec > kForeverSeconds) return std::nullopt;
  return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

std::string GenericCall::header(const char* name) const {
  return std::string(header_view(name));
}

std::string_view GenericCall::header_view(const char* name) const {
  const auto& headers = context_->client_metadata();
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second.data(), found->second.size());
}

}  // namespace longbeat::server
