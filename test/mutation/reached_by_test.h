#pragma once
// Part of the tests' main() in the build of ./dev mutate: tells which test case comes to which mutants, so that a
// mutant need meet those only.
#include "mutation_switch.h"

#if __has_include(<catch2/catch_all.hpp>)
using CatchListener = Catch::EventListenerBase;
inline const std::string& name_of(const Catch::TestCaseStats& stats) {
  return stats.testInfo->name;
}
#else
using CatchListener = Catch::TestEventListenerBase;
inline const std::string& name_of(const Catch::TestCaseStats& stats) {
  return stats.testInfo.name;
}
#endif

class ReachedByTest : public CatchListener {
 public:
  using CatchListener::CatchListener;
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    longbeat_mutation::reached.write(name_of(stats).c_str());
  }
};
CATCH_REGISTER_LISTENER(ReachedByTest)
