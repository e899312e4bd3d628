#include "model/engine_wire.h"

#include <stdexcept>

#include "rpc/dispatch_table.h"
#include "rpc/failure_codec.h"
#include "rpc/status_codec.h"

namespace longbeat::model {

class EngineWire::Sink final : public server::ReplySink {
 public:
  Sink(EngineWire& owner, CallId call, server::Encoder encode, Done done)
      : owner_(owner), call_(call), encode_(encode), done_(std::move(done)) {}
  void reply(server::StatusOr<server::Reply> reply) override {
    auto self = owner_.sinks_.extract(call_);
    owner_.answered_.push_back(std::move(self.mapped()));
    grpc::ByteBuffer bytes;
    if (reply) bytes = encode_({*reply, owner_.scratch_, owner_.now_});
    owner_.scratch_.clear();
    done_(reply ? grpc::Status() : server::to_grpc(reply.error()), bytes);
  }

 private:
  EngineWire& owner_;
  CallId call_;
  server::Encoder encode_;
  Done done_;
};

EngineWire::EngineWire() {
  server::EngineOptions options;
  options.seed = 1;
  options.cut_failure = server::cut_failure;
  options.on_fatal = [this](const std::string& reason) { fatal_ = reason; };
  auto opened = server::Engine::open(server::make_memory_store(), std::move(options), now_);
  if (!opened) throw std::runtime_error("open: " + to_string(opened.error()));
  engine_ = std::move(opened).value();
}

EngineWire::~EngineWire() = default;

Wire::CallId EngineWire::call(const std::string& rpc, const google::protobuf::MessageLite& request,
                              std::chrono::milliseconds patience, Done done) {
  const server::Rpc* row = server::find_rpc("/temporal.api.workflowservice.v1.WorkflowService/" + rpc);
  if (row == nullptr || row->decode == nullptr) throw std::logic_error("the server has no " + rpc);
  const std::function<std::string(const char*)> no_header = [](const char*) { return std::string(); };
  auto decoded = row->decode({server::to_byte_buffer(request), scratch_, no_header});
  scratch_.clear();
  if (!decoded) throw std::logic_error(rpc + " cannot be decoded");
  const CallId call = ++last_call_;
  auto sink = std::make_unique<Sink>(*this, call, row->encode, std::move(done));
  server::Command command;
  command.call = call;
  command.request = std::move(*decoded);
  command.patience = patience;
  command.sink = sink.get();
  sinks_[call] = std::move(sink);
  engine_->submit(std::move(command));
  return call;
}

void EngineWire::hang_up(CallId call) {
  if (sinks_.contains(call)) engine_->caller_gone(call);
}

void EngineWire::run_until(server::Time until) {
  constexpr int kStepsMax = 1'000'000;
  for (int steps = 0;; ++steps) {
    const auto wake = engine_->next_wakeup();
    if (!wake || *wake > until) break;
    now_ = std::max(now_, *wake);
    engine_->step({now_, now_});
    answered_.clear();
    if (!fatal_.empty()) throw std::runtime_error("the engine has ended: " + fatal_);
    if (steps > kStepsMax) throw std::runtime_error("the engine does not come to rest");
  }
  now_ = std::max(now_, until);
}

}  // namespace longbeat::model
