#pragma once
#include <string>
#include <utility>

#include "longbeat/testing/activity_environment.h"
#include "testing/test_run.h"

namespace longbeat::internal {

/// The internals' key to ActivityEnvironment.
class EnvironmentAccess {
 public:
  static void after_heartbeat(testing::ActivityEnvironment& environment, TestRun::AfterHeartbeat tell);
  static EncodedRun run(testing::ActivityEnvironment& environment, std::string type, ActivityFunction function,
                        Result<Payloads> input) {
    return environment.run_encoded(std::move(type), std::move(function), std::move(input));
  }
};

}  // namespace longbeat::internal
