#include "soak/samples.h"

#include <algorithm>

#include "support/catch.h"

using namespace longbeat::soak;

namespace {

/// 100 seconds of a server that grows to its size in the first 20 and stays there.
std::vector<Sample> steady() {
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i) {
    const double size = std::min(1.0, i / 20.0);
    samples.push_back({100 * size, 50 * size, 10, 40, 300, 3});
  }
  return samples;
}

std::vector<std::string> grown(const std::vector<Sample>& samples) {
  std::vector<std::string> names;
  for (const Comparison& each : compare(samples))
    if (!each.is_flat()) names.push_back(each.what);
  return names;
}

}  // namespace

TEST_CASE("a server that stays as it is after its warm-up is flat", "[soak]") {
  CHECK(compare(steady()).size() == 6);
  CHECK(grown(steady()).empty());
}

TEST_CASE("a single bad second changes no verdict, but the log's", "[soak]") {
  auto samples = steady();
  samples[90] = {500, 500, 500, 500, 5000, 500};
  CHECK(grown(samples) == std::vector<std::string>{"log, MiB at most"});
}

TEST_CASE("what grows slowly is found, each by its name", "[soak]") {
  auto samples = steady();
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].memory_mib += static_cast<double>(i) * 0.4;
  CHECK(grown(samples) == std::vector<std::string>{"memory, MiB"});
  samples = steady();
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].descriptors += static_cast<double>(i) / 2;
  CHECK(grown(samples) == std::vector<std::string>{"descriptors"});
  samples = steady();
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].file_mib += static_cast<double>(i) * 0.3;
  CHECK(grown(samples) == std::vector<std::string>{"file, MiB"});
  samples = steady();
  for (std::size_t i = 60; i < samples.size(); ++i) samples[i].latency_ms = 30;
  CHECK(grown(samples) == std::vector<std::string>{"slow calls, ms"});
}

TEST_CASE("a run that was too short has no verdict", "[soak]") {
  CHECK(compare(std::vector<Sample>(7)).empty());
}
