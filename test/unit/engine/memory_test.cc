// What an open activity costs. bench/memory.cc measures the process as a whole; here it is the allocator's own count.
#include <malloc.h>

#include "directory/run_index.h"
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LONGBEAT_OWN_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LONGBEAT_OWN_ALLOCATOR 1
#endif
#endif

#ifndef LONGBEAT_OWN_ALLOCATOR
namespace {

/// Says yes to everything and keeps nothing.
class ForgetfulStore final : public Store {
 public:
  StatusOr<> commit(std::span<const Write>) override { return {}; }
  StatusOr<std::optional<std::string>> read(Table, std::uint64_t) override { return std::optional<std::string>(); }
  StatusOr<> scan(Table, std::uint64_t, const std::function<bool(std::uint64_t, std::string_view)>&) override {
    return {};
  }
};

class TokenSink final : public ReplySink {
 public:
  void reply(StatusOr<Reply> reply) override { refused += reply.ok() ? 0 : 1; }
  int refused = 0;
};

double allocated() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

}  // namespace

TEST_CASE("the index of runs leaves no holes in the heap while it grows", "[server][directory]") {
  const std::size_t before = ::mallinfo2().arena;
  RunIndex index;
  for (std::uint64_t n = 1; n <= 235'000; ++n) index.insert(fingerprint(1, std::to_string(n)).low, n);
  CHECK(::mallinfo2().arena <= before + 512 * 1024);
}

TEST_CASE("an open activity with 300 bytes of input takes at most 1.5 KiB of memory", "[server][engine][limits]") {
  const bool worked_on = GENERATE(false, true);
  CAPTURE(worked_on);
  constexpr std::size_t kCount = 20'000, kPerStep = 500;
  auto engine = Engine::open(std::make_unique<ForgetfulStore>(), EngineOptions{.seed = 1}, kStart).value();
  const Room room;  // Knows how requests look.
  TokenSink sink;
  CallId call = 0;
  std::size_t started = 0;
  const auto run = [&](std::size_t count) {
    for (const std::size_t end = started + count; started < end;) {
      for (std::size_t i = 0; i < kPerStep; ++i) {
        StartRequest request = room.start_request("order-" + std::to_string(++started) + "-of-a-customer-of-ours");
        request.input.assign(300, 'i');
        engine->submit({++call, std::move(request), 70s, &sink});
      }
      engine->step({kStart, kStart});
      if (!worked_on) continue;
      for (std::size_t i = 0; i < kPerStep; ++i) engine->submit({++call, room.poll_request(), 70s, &sink});
      engine->step({kStart, kStart});
    }
  };
  run(kPerStep);
  const double before = allocated();
  run(kCount);
  const double each = (allocated() - before) / static_cast<double>(kCount);
  CHECK(sink.refused == 0);
  CHECK(engine->stats().open == kCount + kPerStep);
  CHECK(each > 600);  // Or the allocator does not count.
  CHECK(each <= 1536);
  // What is counted against the limit of memory is no less.
  CHECK(static_cast<double>(engine->stats().open_bytes) / static_cast<double>(engine->stats().open) >= each);
}
#endif
