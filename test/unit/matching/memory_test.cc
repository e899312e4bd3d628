// Counts what the queues allocate: this program's operator new does.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "unit/matching/queue_room.h"

namespace {

std::size_t allocated = 0;  // By the one thread of these tests.
constexpr std::size_t kHeader = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  void* block = std::malloc(bytes + kHeader);
  if (block == nullptr) return nullptr;
  *static_cast<std::size_t*>(block) = bytes;
  allocated += bytes;
  return static_cast<char*>(block) + kHeader;
}
void* operator new(std::size_t bytes) {
  void* memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  void* block = static_cast<char*>(memory) - kHeader;
  allocated -= *static_cast<std::size_t*>(block);
  std::free(block);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a queue that one task ever used", "[server][matching][memory]") {
  TaskQueues queues;
  constexpr std::size_t kQueues = 2000;
  std::vector<TaskQueues::Place> places;
  places.reserve(kQueues);
  const std::size_t before = allocated;
  for (std::size_t i = 0; i < kQueues; ++i) {
    const std::string name = "a task queue of its own, number " + std::to_string(i);
    places.push_back(queues.add_task(1, name, {i, 0, {}, 0, kStart}, kStart));
  }
  SECTION("takes about a kilobyte while it waits") {
    CHECK((allocated - before) / kQueues <= 1100);
  }
  SECTION("takes nothing when the task is gone and nobody has polled") {
    for (auto& place : places) queues.remove_task(place);
    CHECK_FALSE(queues.next_match(kStart));
    CHECK(queues.queues() == 0);
    CHECK((allocated - before) / kQueues < 150);  // Tables that keep their size.
  }
  SECTION("takes not much more once a worker has fetched it") {
    for (std::size_t i = 0; i < kQueues; ++i) {
      const std::string name = "a task queue of its own, number " + std::to_string(i);
      (void)queues.park(1, name, {i, "4711@some-host-name", "6f1c3ba2-63f4-4bb2-8e16-0a2a52d5d5f1", {}}, kStart);
    }
    std::size_t matched = 0;
    while (queues.next_match(kStart)) ++matched;
    CHECK(matched == kQueues);
    CHECK((allocated - before) / kQueues <= 1500);
  }
}
