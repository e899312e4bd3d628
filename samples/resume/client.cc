#include <longbeat/client.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "../common/command_line.h"
#include "copy.h"

using namespace std::chrono_literals;

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  const std::string from = std::filesystem::absolute("resume-original"), to = std::filesystem::absolute("resume-copy");
  std::ofstream original(from, std::ios::binary);
  for (int i = 0; i < 30'000; ++i) original << "line " << 10'000 + i % 10'000 << "\n";
  original.close();

  const longbeat::StartOptions options{
      .id = "copy-1",
      .task_queue = "resume",
      .start_to_close_timeout = 10min,
      .heartbeat_timeout = 2s,  // A worker that is silent for so long counts as dead.
      .retry_policy = longbeat::RetryPolicy{.initial_interval = 100ms},
  };
  const Copied copied = client.execute(copy_file, options, from, to).value();
  std::cout << "copied " << copied.bytes << " bytes; attempt " << copied.attempt << " began at byte " << copied.began_at
            << "\n";
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
