// Lets a longbeat-server of any release write a small file with every state it knows, and records what it says of them.
// README.md says when and how.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "formats/every_state.h"
#include "support/program.h"
#include "support/server_process.h"

namespace longbeat::formats {
namespace {

namespace fs = std::filesystem;

bool has_config_file(const std::string& server) {
  return std::system(("'" + server + "' --help | grep -q -- --config").c_str()) == 0;
}

void make(const std::string& server, const fs::path& target) {
  if (fs::exists(target)) throw std::runtime_error(target.string() + " exists already");
  const test::TempFolder folder;
  const fs::path database = folder.path() / "made.db";
  std::vector<std::string> arguments{"--namespace", "other"};
  if (has_config_file(server)) {
    std::ofstream(folder.path() / "made.toml")
        << "[limits]\ncallbacks_enabled = true\ncallback_addresses = [\"http://127.0.0.1:*\"]\n";
    arguments.insert(arguments.end(), {"--config", (folder.path() / "made.toml").string()});
  }
  test::ServerProcess process(
      {.binary = server, .database = database, .folder = folder.path(), .arguments = std::move(arguments)});
  const test::RawClient client(process.address());
  const Recording recording = make_every_state(client);
  process.terminate();
  for (int i = 0; process.running() && i < 200; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (process.exit_code() != 0) throw std::runtime_error("the server did not stop: " + process.log_tail());
  fs::copy_file(database, target);
  save(recording, fs::path(target).replace_extension(".calls"));
  std::printf("%s: %zu answers, %zu attempts that workers hold\n", target.c_str(), recording.calls.size(),
              recording.tokens.size());
}

}  // namespace
}  // namespace longbeat::formats

int main(int count, char** arguments) {
  return longbeat::test::run_program("make_format_file", "", [&] {
    if (count != 3) throw std::invalid_argument("usage: make_format_file SERVER FILE.db");
    longbeat::formats::make(arguments[1], arguments[2]);
    return 0;
  });
}
