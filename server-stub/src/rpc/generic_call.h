#pragma once
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_context.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "rpc/dispatch_table.h"
#include "rpc/slow_calls.h"

namespace longbeat::server {

class EventLoop;
struct ApiKey;

/// What the completion queue hands back.
class Tag {
 public:
  virtual void proceed(bool ok) = 0;

 protected:
  ~Tag() = default;
};

/// One call of any method, from armed to finished; reused for the next one. Belongs to the loop's thread.
///
/// Two tags can be out at once: that of the current step (arrival, read, finish) and "done", which gRPC delivers for
/// every call that has arrived, after its Finish or as soon as the caller has gone. A call is at rest when neither is
/// out and the engine does not hold it.
class GenericCall final : public ReplySink {
 public:
  explicit GenericCall(EventLoop& loop) : loop_(loop), step_tag_(*this), done_tag_(*this) {}

  /// Waits for the next call that comes in.
  void arm();

  /// The server begins to stop: a stream gets its last message, or is cut off.
  void stop_stream();
  /// Its answer is under way or with the engine: true, and the loop's farewell_over() follows when it has been written.
  bool say_farewell();

  /// Its request has waited in the line: now it is served.
  void take_turn();
  /// Its caller has kept it waiting too long.
  void cut_off();
  /// Its refusal has been kept back for long enough.
  void refuse_now();
  /// Of grpc.health: it needs no key, so it counts against a limit of its own.
  bool is_probe() const { return rpc_ != nullptr && rpc_->role == Role::kAnyone; }

  /// How long its caller still waits; nothing: for ever.
  std::optional<Duration> patience() const;

  /// The task that its reply() kept back leaves, unless the caller has gone meanwhile.
  void hand_over();

  // ReplySink
  void reply(StatusOr<Reply> reply) override;

 private:
  enum class Step : std::uint8_t {
    kIdle,
    kArmed,
    kHeldBack,
    kReading,
    kInLine,
    kWithEngine,
    kWriting,
    kStreaming,
    kFinishing
  };

  struct StepTag final : Tag {
    explicit StepTag(GenericCall& owner) : call(owner) {}
    void proceed(bool ok) override { call.on_step(ok); }
    GenericCall& call;
  };
  struct DoneTag final : Tag {
    explicit DoneTag(GenericCall& owner) : call(owner) {}
    void proceed(bool) override { call.on_done(); }
    GenericCall& call;
  };

  void on_step(bool ok);
  void on_arrival();
  void on_request(bool ok);
  void on_finished(bool ok);
  void on_done();

  /// Asks the gate; false: the call is being refused.
  bool admitted();
  bool admitted_to(std::string_view namespace_name);
  void dispatch();
  void answer_locally();
  void answer_stream();
  void write_next();
  void on_written(bool ok);
  void submit();
  void finish(const Status& status);
  void finish(const Status& status, const grpc::Status& encoded);
  void finish(const grpc::ByteBuffer& response);
  /// At once, or after a while: a caller that waits for its refusal does not send the next call meanwhile.
  void refuse_as_overloaded();
  /// Begins and ends the time in which the call waits for its caller, keeping `bytes`.
  void wait_for_caller(std::size_t bytes);
  void caller_moved();
  /// Gives the call back to the loop when nothing is out any more.
  void rest_if_over();

  std::string header(const char* name) const;
  std::string_view header_view(const char* name) const;

  EventLoop& loop_;
  StepTag step_tag_;
  DoneTag done_tag_;
  std::optional<grpc::GenericServerContext> context_{};
  std::optional<grpc::GenericServerAsyncReaderWriter> stream_{};
  grpc::ByteBuffer request_{}, response_{};
  std::unique_ptr<Stream> handler_{};        ///< of a kStream call
  std::deque<grpc::ByteBuffer> outgoing_{};  ///< what it has still to write; the first one is being written
  const Rpc* rpc_ = nullptr;
  std::shared_ptr<const ApiKey> key_{};  ///< for some namespaces only: whether for this one is not known yet
  CallId id_ = 0;
  Step step_ = Step::kIdle;
  std::optional<SlowCalls<GenericCall>::Place> waits_for_caller_{};  ///< while its caller has to send or to read
  std::optional<SlowCalls<GenericCall>::Place> held_back_{};         ///< while its refusal is kept back
  bool farewell_ = false;  ///< of say_farewell(), until the loop has been told
  bool done_ = false;      ///< the done tag came back: the caller has its answer, or has gone
  std::string token_{};    ///< of the task this reply carries, until it is known to have left
};

}  // namespace longbeat::server
