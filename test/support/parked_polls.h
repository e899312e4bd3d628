#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "support/wire_client.h"

namespace longbeat::test {

/// Workers without work: polls of some task queues over some connections, renewed whenever they are answered. Belongs
/// to one thread, which has to call run_one() or run_until() of client() now and then.
class ParkedPolls {
 public:
  struct Options {
    std::size_t polls = 10'000;
    std::size_t queues = 500;
    std::size_t connections = 40;
    /// Of the queues' names; a number follows.
    std::string queue_prefix = "parked-";
  };
  /// How the polls ended so far.
  struct Ended {
    std::size_t with_task = 0, empty = 0, unavailable = 0, canceled = 0;
    /// The first other end.
    std::string oddity{};
  };
  using OnTask = std::function<void(const wire::PollActivityTaskQueueResponse& task, Time arrived)>;

  ParkedPolls(const std::string& address, Options options, OnTask on_task = {});

  /// Sends all polls and returns when the server has them. Throws std::runtime_error when it does not answer.
  void park();
  /// Gives all polls up and returns when they have ended. Throws as park() does.
  void give_up();
  /// Answered polls are sent again (at first) or not.
  void renew(bool on) { renew_ = on; }

  WireClient& client() { return client_; }
  std::string queue(std::size_t number) const;
  std::size_t waiting() const { return waiting_; }
  const Ended& ended() const { return ended_; }

  /// From now on those that wait now are counted apart from those sent later.
  void follow();
  /// How those that waited at follow() ended so far, and how many of them still wait.
  const Ended& followed() const { return followed_; }
  std::size_t followed_waiting() const { return followed_waiting_; }

 private:
  struct Sent {
    std::size_t queue_number = 0;
    std::size_t era = 0;
  };
  void send(std::size_t queue_number);
  void book(Sent sent, const grpc::Status& status, const wire::PollActivityTaskQueueResponse& response, Time arrived);

  Options options_;
  OnTask on_task_;
  wire::PollActivityTaskQueueRequest request_{};
  Ended ended_{}, followed_{};
  std::size_t waiting_ = 0, followed_waiting_ = 0;
  std::size_t era_ = 0;  ///< Grows with every follow().
  bool renew_ = true;
  WireClient client_;  ///< Last: at its end, polls still report to the members above.
};

}  // namespace longbeat::test
