#pragma once
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/calls.h"
#include "storage/fault_store.h"

namespace longbeat::server::test {

/// What a run of one input came across.
struct FuzzReport {
  std::vector<std::string> complaints{};  ///< what must not be; each begins with the call's number and method
  std::size_t calls = 0, answered = 0, refused = 0, undecodable = 0;
  EngineStats engine{};  ///< at the end
  Duration slowest{0};   ///< of one call, processor time
  std::string slowest_method{};
};

/// A server without a network on virtual time: bytes of requests through their rows' decoders into an engine in
/// memory, answers back through the encoders, and after each call a look at whether what had to hold holds:
/// - the call is answered at once, or waits because it is one that may;
/// - what was refused or only asked has changed no activity, and nothing in the store;
/// - only undecodable bytes are INTERNAL, and no refusal says that the server is to blame;
/// - an activity has an outcome exactly when it is closed;
/// - what is in memory is what a restart finds.
class FuzzRoom {
 public:
  FuzzRoom();
  ~FuzzRoom();
  FuzzRoom(const FuzzRoom&) = delete;
  FuzzRoom& operator=(const FuzzRoom&) = delete;

  /// Runs the calls, lets all waits run out, restarts the engine, stops it.
  FuzzReport run(const std::vector<FuzzCall>& calls);

 private:
  class Sink;
  struct Waiting {
    std::unique_ptr<Sink> sink;
    const Rpc* rpc;
    std::string name;
  };

  void open();
  void make(const FuzzCall& call);
  void answer_locally(const Rpc& rpc, const grpc::ByteBuffer& bytes, bool is_message);
  void submit(const Rpc& rpc, const FuzzCall& call, const grpc::ByteBuffer& bytes, bool is_message);
  /// Lets time pass as the real loop does: a step whenever the engine asks for one.
  void pass(Duration duration);
  void step();
  /// Looks at the answer of a call, if there is one.
  bool settle(Waiting& waiting);
  void settle_waiting();
  void check_refusal(const Status& status, bool is_message);
  void check_response(const Rpc& rpc, const grpc::ByteBuffer& bytes);
  void remember(const Reply& reply);
  /// "$task0" and its like, at the top of a request, become what earlier answers carried.
  void replace_references(google::protobuf::Message& request) const;
  void complain(const std::string& what);

  using States = std::map<std::string, ActivityState>;
  States states() const;
  void check_states(const States& states);
  /// Which of the two is different, or nothing.
  static std::string difference(const States& before, const States& after);
  void end();

  Time now_{std::chrono::hours(24 * 365 * 50)};
  std::shared_ptr<SimulatedDisk> disk_ = std::make_shared<SimulatedDisk>();
  std::unique_ptr<Engine> engine_;
  std::deque<Waiting> waiting_;
  Scratch scratch_;
  CallId last_call_ = 0;
  std::map<std::string, std::vector<std::string>> remembered_;  ///< "task", "run", "poll", "page" → newest last
  std::map<std::string, RunRef> runs_;                          ///< every run that was started
  FuzzReport report_;
  std::string doing_;  ///< the call's number and method, for complaints
};

}  // namespace longbeat::server::test
