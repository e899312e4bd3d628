#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "longbeat/json.h"
#include "longbeat/longbeat.h"
#include "longbeat/server.h"

namespace longbeat::test {

inline constexpr Activity<int(int)> work{"work"};

/// A server in this process with one client, and one worker that runs `function` as "work".
struct KitRoom {
  using Function = std::function<int(ActivityContext&, int)>;

  explicit KitRoom(Function function = {}, LocalServerKind kind = LocalServerKind::kManualClock)
      : server(LocalServer::start({.kind = kind}).value()) {
    if (!function) return;
    worker.serve(work, std::move(function));
    worker.start().value();
  }
  ActivityHandle<int> start(const std::string& id, StartOptions options = {}, int input = 1) {
    options.id = id;
    options.task_queue = "tests";
    if (!options.start_to_close_timeout) options.start_to_close_timeout = std::chrono::hours(24);
    return client.start(work, options, input).value();
  }

  LocalServer server;
  Client client = Client::connect({.transport = server.transport()}).value();
  Worker worker{client, {.task_queue = "tests", .identity = "worker"}};
};

}  // namespace longbeat::test
