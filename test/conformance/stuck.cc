// stuck worker|call ADDRESS: something that a signal's grace cannot end, for signals_test.sh. "worker" runs an activity
// that never looks; "call" opens a call to the server and never says what it wants.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
constexpr auto kLong = 60s;  // Longer than the test.

int run_worker(const std::string& address) {
  constexpr longbeat::Activity<void()> kStuck{"stuck"};
  auto client = longbeat::Client::connect({.address = address}).value();
  longbeat::Worker worker(client, {.task_queue = "stuck", .max_concurrent_activities = 1});
  worker.serve(kStuck, [] {
    std::cout << "running" << std::endl;
    std::this_thread::sleep_for(kLong);
  });
  client.start(kStuck, {.id = "stuck", .task_queue = "stuck", .start_to_close_timeout = 1h}).value();
  worker.run().value();
  return 0;
}

int open_call(const std::string& address) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareCall(&context, "/temporal.api.workflowservice.v1.WorkflowService/StartActivityExecution", &queue);
  call->StartCall(nullptr);
  void* tag = nullptr;
  bool ok = false;
  if (!queue.Next(&tag, &ok) || !ok) return 1;
  std::this_thread::sleep_for(200ms);  // Until the server has it.
  std::cout << "open" << std::endl;
  std::this_thread::sleep_for(kLong);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string mode = argc == 3 ? argv[1] : "";
  if (mode == "worker") return run_worker(argv[2]);
  if (mode == "call") return open_call(argv[2]);
  std::cerr << "usage: stuck worker|call ADDRESS\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << "stuck: " << error.what() << "\n";
  return 1;
}
