#include "rpc/in_process_server.h"

#include <exception>
#include <set>
#include <type_traits>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "local/kept_store.h"
#include "outbound/http_outbound.h"
#include "rpc/completion.h"
#include "rpc/failure_codec.h"
#include "rpc/limits.h"
#include "rpc/status_codec.h"
#include "rpc/version_headers.h"

namespace longbeat::server {

namespace {

Status away() {
  return internal::unavailable("the local server has been killed, or has ended");
}

grpc::ByteBuffer to_buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string to_text(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.TrySingleSlice(&slice).ok() && !buffer.DumpToSingleSlice(&slice).ok()) {
    throw std::runtime_error("a message has no bytes");
  }
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

/// Who makes this call; empty where that is not said.
std::string_view identity_of(const Request& request) {
  return std::visit(
      [](const auto& one) -> std::string_view {
        if constexpr (requires { one.identity; }) {
          return one.identity;
        } else {
          return {};
        }
      },
      request);
}

/// Callbacks that are on their way are work: time waits for their answers.
class WatchedOutbound final : public Outbound {
 public:
  WatchedOutbound(std::shared_ptr<Stage> stage, const Sink& sink)
      : stage_(std::move(stage)), outbound_(make_http_outbound({}, [this, sink](auto ticket, auto result) {
          sink(ticket, std::move(result));
          static_cast<void>(under_way_.with([&](auto& busy) { return busy.extract(ticket); }));  // Here it ends.
        })) {}
  void send(OutboundCall call) override {
    auto busy = stage_->busy("a completion callback to " + call.url);
    under_way_.with([&](auto& all) { return all.insert_or_assign(call.ticket, std::move(busy)).second; });
    outbound_->send(std::move(call));
  }

 private:
  const std::shared_ptr<Stage> stage_;
  internal::Guarded<std::map<std::uint64_t, std::shared_ptr<internal::Busy>>> under_way_{};
  std::unique_ptr<Outbound> outbound_;
};

}  // namespace

/// Where the engine's reply to one call goes.
class InProcessServer::Sink final : public ReplySink {
 public:
  Sink(InProcessServer& server, CallId id, const Rpc& rpc, Answered answered)
      : server_(server), id_(id), rpc_(rpc), answered_(std::move(answered)) {}

  void reply(StatusOr<Reply> reply) override {
    auto own = server_.sinks_.extract(id_);  // Ends with this function.
    std::string token;
    if (reply) {
      if (const auto* task = std::get_if<PollTaskReply>(&*reply)) token = task->token;
    }
    answered_(encoded(reply), std::move(token));
  }
  void break_off() { answered_(away(), {}); }

 private:
  StatusOr<std::string> encoded(const StatusOr<Reply>& reply) try {
    if (!reply) return reply.error();
    std::string bytes = to_text(rpc_.encode({*reply, server_.scratch_, server_.step_time_}));
    server_.scratch_.clear();
    return bytes;
  } catch (const std::exception& error) {
    server_.scratch_.clear();
    return internal::internal_error(std::string(rpc_.method) + ": " + error.what());
  }

  InProcessServer& server_;
  const CallId id_;
  const Rpc& rpc_;
  const Answered answered_;
};

InProcessServer::InProcessServer(std::shared_ptr<StageThread> thread, InProcessOptions options)
    : thread_(std::move(thread)),
      loop_(thread_),
      options_(std::move(options)),
      time_(thread_->stage().clock()),
      clock_(*time_),
      memory_(options_.database.empty() ? std::shared_ptr<Store>(make_memory_store()) : nullptr),
      facts_{{}, options_.database.empty() ? "memory" : "sqlite", true} {}

InProcessServer::~InProcessServer() {
  stop();
}

StatusOr<> InProcessServer::open() {
  std::unique_ptr<Store> store;
  if (memory_) {
    store = std::make_unique<KeptStore>(memory_);
  } else {
    auto file = open_sqlite_store({.path = options_.database});
    if (!file) return file.error();
    store = std::move(*file);
  }
  ++engine_number_;
  auto engine_options = this->engine_options();
  if (!engine_options) return engine_options.error();
  auto engine = Engine::open(std::move(store), std::move(*engine_options), clock_.now());
  if (!engine) return engine.error();
  engine_ = std::move(*engine);
  facts_.cluster_id = engine_->cluster_id();
  facts_.serving = true;
  request_step();
  return {};
}

StatusOr<EngineOptions> InProcessServer::engine_options() {
  EngineOptions options{.namespaces = options_.namespaces};
  options.manual_time = time_->manual();
  options.on_fatal = [this](const std::string& reason) {
    facts_.serving = false;
    internal::log(internal::LogLevel::kError, "the local server's engine has ended: " + reason);
  };
  const auto post = [this, number = engine_number_](auto work) {
    loop_.post([this, number, work = std::move(work)]() mutable {
      if (engine_ && engine_number_ == number) {
        work(*engine_);
        request_step();
      }
    });
  };
  auto visibility = open_synchronous_visibility(
      {.path = options_.database.empty() ? "" : options_.database + ".visibility"},
      [post](CallId call, StatusOr<Answer> answer) {
        post([call, answer = std::move(answer)](Engine& engine) mutable { engine.answered(call, std::move(answer)); });
      });
  if (!visibility) return visibility.error();
  options.visibility = std::move(*visibility);
  options.outbound =
      std::make_unique<WatchedOutbound>(thread_->shared_stage(), [post](std::uint64_t ticket, OutboundResult result) {
        post([ticket, result = std::move(result)](Engine& engine) mutable {
          engine.callback_done(ticket, std::move(result));
        });
      });
  options.make_completion = make_completion;
  options.cut_failure = cut_failure;
  return options;
}

void InProcessServer::kill() {
  facts_.serving = false;
  engine_.reset();
  arm();
  for (auto& [id, sink] : std::exchange(sinks_, {})) sink->break_off();
}

void InProcessServer::stop() {
  loop_.stop([this] {
    if (engine_) engine_->stop_accepting();
    kill();
  });
}

CallId InProcessServer::arrive(internal::LinkCall call, Answered answered, Lost lost) {
  const CallId id = ++last_call_;
  const auto refuse = [&](Status why) {
    loop_.post([answered, why = std::move(why)] { answered(why, {}); });
    return id;
  };
  if (!engine_) return refuse(away());
  const Rpc* rpc = find_rpc(call.method);
  if (!rpc || rpc->stream) return refuse({StatusCode::kUnimplemented, "unknown method " + call.method, {}});
  if (const RpcLimits limits; call.message.size() > limits.receive_bytes_max) {
    return refuse(message_too_large(call.message.size(), limits.receive_bytes_max));
  }
  if (rpc->local) {
    auto response = rpc->local({to_buffer(call.message), scratch_, facts_});
    scratch_.clear();
    if (!response) return refuse(response.error());
    loop_.post([answered, bytes = to_text(*response)] { answered(bytes, {}); });
    return id;
  }
  auto request = decode(*rpc, call);
  if (!request) return refuse(request.error());
  Arrived arrived{rpc, std::move(*request), {}, std::move(answered), std::move(lost)};
  if (call.timeout < std::chrono::hours(365 * 24)) arrived.patience = call.timeout;
  meet_faults(id, std::move(arrived));
  return id;
}

StatusOr<Request> InProcessServer::decode(const Rpc& rpc, const internal::LinkCall& call) {
  const std::function<std::string(const char*)> header = [&call](const std::string& name) {
    if (name == "client-name") return call.client_name;
    if (name == "client-version") return call.client_version;
    if (name == "temporal-namespace") return call.namespace_name;
    return std::string();
  };
  if (const auto fits = check_versions(header); !fits) return fits.error();
  auto request = rpc.decode({to_buffer(call.message), scratch_, header});
  scratch_.clear();
  if (request) return *std::move(request);
  return internal::internal_error("the request bytes are not what " + std::string(rpc.method) +
                                  " takes, or they are nested too deeply");
}

void InProcessServer::meet_faults(CallId id, Arrived arrived) {
  const auto fault = faults_.of_call(identity_of(arrived.request), arrived.request.index());
  if (!fault) return submit(id, std::move(arrived), false);
  switch (fault->kind) {
    case FaultKind::kRequestLost:
      return arrived.lost();
    case FaultKind::kReplyLost:
      return submit(id, std::move(arrived), true);
    case FaultKind::kFailed:
      loop_.post([answered = std::move(arrived.answered), status = fault->status] { answered(status, {}); });
      return;
    case FaultKind::kDelayed: {
      // What is on its way is nobody's poll yet: its arrival is a target, and so is the end of its caller's patience.
      arrived.lost();
      const auto shared = std::make_shared<Arrived>(std::move(arrived));
      loop_.schedule(loop_.now() + fault->delay, [this, id, shared] { submit(id, std::move(*shared), false); });
      return;
    }
  }
}

void InProcessServer::submit(CallId id, Arrived arrived, bool reply_is_lost) {
  if (!engine_) return arrived.answered(away(), {});
  if (reply_is_lost) {
    arrived.lost();
    arrived.answered = [](const StatusOr<std::string>&, const std::string&) {};
  }
  auto& sink = sinks_[id];
  sink = std::make_unique<Sink>(*this, id, *arrived.rpc, std::move(arrived.answered));
  engine_->submit({id, std::move(arrived.request), arrived.patience, sink.get()});
  request_step();
}

void InProcessServer::caller_gone(CallId call) {
  if (!engine_ || !sinks_.contains(call)) return;
  engine_->caller_gone(call);
  request_step();
}

void InProcessServer::undelivered(const std::string& token) {
  if (!engine_) return;
  engine_->hand_out_undelivered(token);
  request_step();
}

/// Behind what has been posted by now: all of it shares one step.
void InProcessServer::request_step() {
  if (std::exchange(step_posted_, true)) return;
  loop_.post([this] {
    step_posted_ = false;
    step();
  });
}

void InProcessServer::step() {
  if (!engine_) return;
  step_time_ = clock_.now();
  // Whatever was sent before this moment has come: it is handed over on this thread, and goes before timers.
  engine_->step({step_time_, time_->manual() ? step_time_ + Duration(1) : step_time_});
  arm();
  if (after_step) after_step();
}

void InProcessServer::arm() {
  loop_.cancel(std::exchange(event_timer_, 0));
  loop_.cancel(std::exchange(wakeup_timer_, 0));
  if (!engine_) return;
  const auto at = [this](Time time) { return loop_.now() + (time - clock_.now()); };
  const auto event = engine_->next_event();
  const auto wakeup = engine_->next_wakeup();
  if (event) event_timer_ = loop_.schedule(at(*event), [this] { step(); });
  if (wakeup && (!event || *wakeup < *event)) {
    wakeup_timer_ = loop_.schedule_keepalive(at(*wakeup), [this] { step(); });
  }
}

}  // namespace longbeat::server
