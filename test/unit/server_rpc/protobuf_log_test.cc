// What protobuf says by itself.
#include "rpc/protobuf_log.h"

#include <google/protobuf/stubs/common.h>
#include <google/rpc/status.pb.h>

#include <atomic>

#include "base/log.h"
#include "support/catch.h"
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>

using namespace longbeat;

TEST_CASE("what protobuf says goes to our log at debug, a few lines a second", "[server][rpc]") {
  std::atomic<int> lines{0}, others{0};
  internal::set_log_sink(
      [&](const LogRecord& record) {
        ++(record.level == LogLevel::kDebug && record.message.starts_with("protobuf: ") ? lines : others);
      },
      LogLevel::kDebug);
  auto* const before = google::protobuf::SetLogHandler(nullptr);
  server::log_protobuf_lines();
  google::rpc::Status message;
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(message.ParseFromString("\x12\x01\xff"));
  google::protobuf::SetLogHandler(before);
  internal::set_log_sink(nullptr);
  CHECK(lines >= 1);
  CHECK(lines <= 2 * server::kProtobufLinesPerSecond);  // A second may end meanwhile.
  CHECK(others == 0);
}
#endif
