// For libFuzzer. Mutates calls by their grammar half of the time, bytes otherwise.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/fuzz_room.h"
#include "fuzz/grammar.h"

using namespace longbeat::server::test;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzRoom room;
  const auto report = room.run(read_calls({reinterpret_cast<const char*>(data), size}));
  for (const std::string& complaint : report.complaints) std::fprintf(stderr, "%s\n", complaint.c_str());
  if (!report.complaints.empty()) std::abort();
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned int seed) {
  Grammar grammar(seed);
  if (grammar.chance(50)) return LLVMFuzzerMutate(data, size, size_max);
  auto calls = read_calls({reinterpret_cast<const char*>(data), size});
  if (calls.empty() || grammar.chance(30)) {
    const auto at = static_cast<std::ptrdiff_t>(grammar.below(calls.size() + 1));
    calls.insert(calls.begin() + at, grammar.call());
  } else {
    FuzzCall& call = calls[grammar.below(calls.size())];
    const auto message = request_of(row_of(call));
    if (message->ParseFromString(call.bytes)) {
      grammar.spoil(*message);
      message->SerializePartialToString(&call.bytes);
    } else {
      call = grammar.call();
    }
  }
  const std::string changed = write_calls(calls);
  if (changed.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
