#include <longbeat/client.h>
#include <longbeat/worker.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../common/command_line.h"
#include "copy.h"

using namespace std::chrono_literals;

Copied run_copy_file(longbeat::ActivityContext& ctx, const std::string& from, const std::string& to) {
  auto position = ctx.checkpoint<std::uint64_t>();  // Where the last attempt was; 0 in the first one.
  const auto began_at = *position;
  std::cout << "attempt " << ctx.info().attempt << " begins at byte " << began_at << std::endl;

  std::ofstream out(to, position.restored() ? std::ios::binary | std::ios::app : std::ios::binary);
  std::filesystem::resize_file(to, began_at);  // What was written after the checkpoint is written again.
  std::ifstream in(from, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(began_at));
  std::vector<char> chunk(10'000);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
    ctx.throw_if_stopped();  // The worker shuts down, somebody canceled, or another worker has taken over.
    if (!out.write(chunk.data(), in.gcount()).flush()) throw std::runtime_error("cannot write '" + to + "'");
    position.save(*position + static_cast<std::uint64_t>(in.gcount()));  // After the write: never ahead of the file.
    ctx.sleep_for(100ms);                                                // Leaves time to kill this worker.
  }
  if (!in.eof()) throw std::runtime_error("cannot read '" + from + "'");
  return {*position, ctx.info().attempt, began_at};
}

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "resume", .max_concurrent_activities = 1});
  worker.serve(copy_file, run_copy_file);
  worker.run().value();  // Until SIGINT or SIGTERM; kill -9 is what this sample is about.
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
