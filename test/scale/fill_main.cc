// longbeat-fill: a database file as a server leaves it after long work, for measurements.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "scale/fill.h"
#include "support/program.h"

namespace {

constexpr const char* kUsage =
    "longbeat-fill --to FILE [--open N] [--closed N] [--mixed] [--running SHARE] [--bytes N] [--queue NAME]\n"
    "              [--heartbeat S] [--schedule-to-close S] [--start-to-close S] [--age S] [--visibility]\n"
    "  --mixed         open ones lie between the closed ones, not behind them\n"
    "  --running SHARE of the open ones a worker holds this share, 0 to 1 (default 0)\n"
    "  --bytes N       roughly the bytes of each input row (default 300)\n"
    "  --heartbeat S, --schedule-to-close S, --start-to-close S\n"
    "                  timeouts of the open ones in seconds (default 0: none, 0: none, 86400)\n"
    "  --age S         how long ago they were started (default 600)\n"
    "  --visibility    the projection for list and count too: slow\n";

double number(const std::string& name, const std::string& text, double most) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0) || value > most) {
    throw std::invalid_argument(name + " is \"" + text + "\", must be a number from 0 to " + std::to_string(most));
  }
  return value;
}

longbeat::scale::FillOptions parse(int count, char** arguments) {
  longbeat::scale::FillOptions options;
  constexpr double kMost = 1e9;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto text = [&] { return longbeat::test::value_of_option(count, arguments, i); };
    const auto whole = [&] { return static_cast<std::uint64_t>(number(name, text(), kMost)); };
    const auto seconds = [&] {
      return std::chrono::nanoseconds(static_cast<std::int64_t>(number(name, text(), kMost) * 1e9));
    };
    if (name == "--to")
      options.to = text();
    else if (name == "--open")
      options.open = whole();
    else if (name == "--closed")
      options.closed = whole();
    else if (name == "--mixed")
      options.mixed = true;
    else if (name == "--running")
      options.running = number(name, text(), 1);
    else if (name == "--bytes")
      options.bytes = whole();
    else if (name == "--queue")
      options.task_queue = text();
    else if (name == "--heartbeat")
      options.heartbeat_timeout = seconds();
    else if (name == "--schedule-to-close")
      options.schedule_to_close = seconds();
    else if (name == "--start-to-close")
      options.start_to_close = seconds();
    else if (name == "--age")
      options.age = seconds();
    else if (name == "--visibility")
      options.visibility = true;
    else
      throw std::invalid_argument("unknown option " + name);
  }
  if (options.to.empty()) throw std::invalid_argument("--to is missing");
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  return longbeat::test::run_program("longbeat-fill", kUsage, [&] {
    auto options = parse(count, arguments);
    std::uint64_t told = 0;
    options.progress = [&](std::uint64_t written) {
      if (written < told + 1'000'000) return;
      told = written;
      std::fprintf(stderr, "%llu written\n", static_cast<unsigned long long>(written));
    };
    longbeat::scale::fill(options);
    return 0;
  });
}
