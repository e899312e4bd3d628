#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "../common/command_line.h"

using namespace std::chrono_literals;

inline constexpr longbeat::Activity<std::string(std::string request)> approve{"approve"};

/// Stands for a message to whoever decides, who may be a program in another language.
void write_ticket(const std::string& token) {
  std::ofstream file("longbeat-ticket.new", std::ios::binary);  // A token is bytes, not text.
  if (!file.write(token.data(), static_cast<std::streamsize>(token.size())).flush()) {
    throw std::runtime_error("cannot write the ticket");
  }
  std::filesystem::rename("longbeat-ticket.new", "longbeat-ticket");  // Nobody reads half of it.
}

std::string run_approve(longbeat::ActivityContext& ctx, const std::string&) {
  auto later = ctx.complete_later();
  write_ticket(later.task_token().bytes);  // If this throws, the attempt has failed and is tried again.
  later.release();                         // From here on it is the duty of whoever has the ticket.
  return {};                               // Ignored. The thread is free for other attempts.
}

int main(int argc, char** argv) try {
  ::umask(S_IRWXG | S_IRWXO);  // Who has a token may report: what this program writes is for its user alone.
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "async_completion"});
  worker.serve(approve, run_approve);
  worker.start().value();

  const longbeat::StartOptions options{
      .id = "approve-1",
      .task_queue = "async_completion",
      .start_to_close_timeout = 24h,  // How long the decision may take. With a heartbeat timeout, the other side beats.
      .id_conflict_policy = longbeat::IdConflictPolicy::kUseExisting,  // Run again, it waits for the same decision.
  };
  const auto handle = client.start(approve, options, "new laptop").value();
  std::cout << "new laptop: somebody has to decide" << std::endl;
  std::cout << "new laptop: " << handle.result().value() << "\n";
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
