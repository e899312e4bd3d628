#pragma once
#include <google/protobuf/message.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/raw_client.h"

namespace longbeat::formats {

/// One question to a server and what it answered. Questions only: asking again changes nothing.
struct RecordedCall {
  std::string rpc{};  ///< of WorkflowService: DescribeActivityExecution, DescribeNamespace or DescribeTaskQueue
  std::unique_ptr<google::protobuf::Message> request{}, response{};
};

/// What a server knew of the file when it was stopped.
struct Recording {
  std::vector<RecordedCall> calls{};
  /// ID of an activity in "default" whose attempt a worker holds, and its task token.
  std::vector<std::pair<std::string, std::string>> tokens{};
};

/// Asks `rpc` and keeps the answer. Throws std::runtime_error when it is refused.
RecordedCall ask(const test::RawClient& client, const std::string& rpc, const google::protobuf::Message& request);

/// Empty when `now` says the same as `then`; else where it does not. What only newer servers say is no difference,
/// nor is a namespace's retention.
std::string difference(const google::protobuf::Message& then, const google::protobuf::Message& now);

/// One line for each word of it: protobuf's text format, tokens as hex.
void save(const Recording& recording, const std::filesystem::path& path);
Recording load(const std::filesystem::path& path);

}  // namespace longbeat::formats
