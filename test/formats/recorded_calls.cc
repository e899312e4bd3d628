#include "formats/recorded_calls.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <fstream>
#include <stdexcept>

namespace longbeat::formats {
namespace {

namespace service = temporal::api::workflowservice::v1;
using google::protobuf::Message;
using google::protobuf::TextFormat;

struct Kind {
  const char* rpc;
  const Message& request;
  const Message& response;
};

const Kind& kind_of(const std::string& rpc) {
  static const Kind kKinds[] = {
      {"DescribeActivityExecution", service::DescribeActivityExecutionRequest::default_instance(),
       service::DescribeActivityExecutionResponse::default_instance()},
      {"DescribeNamespace", service::DescribeNamespaceRequest::default_instance(),
       service::DescribeNamespaceResponse::default_instance()},
      {"DescribeTaskQueue", service::DescribeTaskQueueRequest::default_instance(),
       service::DescribeTaskQueueResponse::default_instance()},
  };
  for (const Kind& kind : kKinds) {
    if (rpc == kind.rpc) return kind;
  }
  throw std::runtime_error("no question is called " + rpc);
}

std::string line_of(const Message& message) {
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(false);
  std::string text;
  printer.PrintToString(message, &text);
  return text;
}

std::unique_ptr<Message> message_of(const Message& kind, const std::string& line) {
  std::unique_ptr<Message> message(kind.New());
  if (!TextFormat::ParseFromString(line, message.get())) throw std::runtime_error("cannot be parsed: " + line);
  return message;
}

std::string to_hex(const std::string& bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return text;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

RecordedCall ask(const test::RawClient& client, const std::string& rpc, const Message& request) {
  RecordedCall call{rpc, std::unique_ptr<Message>(request.New()),
                    std::unique_ptr<Message>(kind_of(rpc).response.New())};
  call.request->CopyFrom(request);
  grpc::ByteBuffer response;
  const grpc::Slice slice(request.SerializeAsString());
  const auto status = client.call(rpc, grpc::ByteBuffer(&slice, 1), &response);
  if (!status.ok()) throw std::runtime_error(rpc + " {" + line_of(request) + "}: " + status.error_message());
  grpc::Slice answer;
  response.DumpToSingleSlice(&answer);
  if (!call.response->ParseFromArray(answer.begin(), static_cast<int>(answer.size())))
    throw std::runtime_error(rpc + ": the answer cannot be parsed");
  return call;
}

std::string difference(const Message& then, const Message& now) {
  google::protobuf::util::MessageDifferencer differ;
  differ.set_scope(google::protobuf::util::MessageDifferencer::PARTIAL);
  // Set anew by the configuration that the test starts the server with.
  differ.IgnoreField(temporal::api::namespace_::v1::NamespaceConfig::descriptor()->FindFieldByName(
      "workflow_execution_retention_ttl"));
  std::string report;
  differ.ReportDifferencesToString(&report);
  return differ.Compare(then, now) ? "" : report;
}

void save(const Recording& recording, const std::filesystem::path& path) {
  std::ofstream file(path);
  for (const RecordedCall& call : recording.calls) {
    file << "ask " << call.rpc << '\n' << line_of(*call.request) << '\n' << line_of(*call.response) << '\n';
  }
  for (const auto& [id, token] : recording.tokens) file << "token " << id << '\n' << to_hex(token) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

Recording load(const std::filesystem::path& path) {
  std::ifstream file(path);
  Recording recording;
  for (std::string head, line; std::getline(file, head);) {
    const auto space = head.find(' ');
    const std::string what = head.substr(0, space), name = head.substr(space + 1);
    std::getline(file, line);
    if (what == "token") {
      recording.tokens.emplace_back(name, from_hex(line));
    } else if (what == "ask") {
      RecordedCall call{name, message_of(kind_of(name).request, line), nullptr};
      std::getline(file, line);
      call.response = message_of(kind_of(name).response, line);
      recording.calls.push_back(std::move(call));
    } else {
      throw std::runtime_error(path.string() + ": unknown line: " + head);
    }
  }
  if (recording.calls.empty()) throw std::runtime_error(path.string() + " cannot be read, or is empty");
  return recording;
}

}  // namespace longbeat::formats
