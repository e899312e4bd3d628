#pragma once
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "longbeat/log.h"
#include "rpc/server.h"
#include "security/key_hash.h"
#include "support/authority.h"
#include "support/catch.h"
#include "support/child_process.h"
#include "support/eventually.h"

/// A server of this process that knows keys and certificates, and clients that have some.
namespace longbeat::test {

using namespace std::chrono_literals;
namespace service = temporal::api::workflowservice::v1;
using server::AccessRules;
using server::ApiKey;
using server::Role;
using server::Roles;
using server::Server;
using server::ServerOptions;

inline const std::string kWorkflowService = "/temporal.api.workflowservice.v1.WorkflowService/";

inline ApiKey api_key(const std::string& name, const std::string& secret, Roles roles,
                      std::vector<std::string> namespaces = {}) {
  ApiKey key;
  key.name = name;
  key.hash = server::hash_of_key(secret);
  key.roles = roles;
  key.all_namespaces = namespaces.empty();
  key.namespaces = std::move(namespaces);
  return key;
}

/// A fresh port for each: in memory, two namespaces besides "default", certificates and keys as the test puts them.
class SecureRoom {
 public:
  SecureRoom() {
    options.namespaces = {"own", "other"};
    options.watch_interval = 5ms;
  }
  void encrypt(const Identity& identity) {
    options.tls.certificate = folder.path() / "server.pem";
    options.tls.key = folder.path() / "server.key";
    put_identity(identity);
  }
  void encrypt() { encrypt(authority.issue()); }
  void put_identity(const Identity& identity) const {
    put_file(options.tls.certificate, identity.certificate);
    put_file(options.tls.key, identity.key);
  }
  void ask_clients(const std::string& authorities) {
    options.tls.client_ca = folder.path() / "clients.pem";
    put_file(options.tls.client_ca, authorities);
  }
  /// Returns why it does not start; empty: it serves.
  std::string start() {
    server.emplace(std::move(options));
    const auto port = server->start();
    if (!port) return port.error().message;
    address = "127.0.0.1:" + std::to_string(*port);
    return "";
  }

  TempFolder folder{};
  Authority authority{};
  ServerOptions options{};
  std::optional<Server> server{};
  std::string address{};
};

/// What a caller shows.
struct Caller {
  /// Whom it trusts; not set: no TLS at all.
  std::optional<std::string> ca{};
  Identity identity{};
  std::string key{};
  std::string server_name{};
};

/// A connection of its own that makes any call, streams too, with bytes for messages.
class ByteClient {
 public:
  ByteClient(const std::string& address, Caller caller) : caller_(std::move(caller)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
    if (!caller_.server_name.empty()) arguments.SetSslTargetNameOverride(caller_.server_name);
    const auto credentials =
        caller_.ca ? grpc::SslCredentials({*caller_.ca, caller_.identity.key, caller_.identity.certificate})
                   : grpc::InsecureChannelCredentials();
    channel_ = grpc::CreateCustomChannel(address, credentials, arguments);
  }

  /// One message there; the first answer, or the refusal. The call is cut off then.
  grpc::Status call(const std::string& method, const std::string& message, std::string* answer = nullptr,
                    std::chrono::milliseconds timeout = 5s) const {
    return call_with(caller_.key.empty() ? "" : "Bearer " + caller_.key, method, message, answer, timeout);
  }
  grpc::Status call_with(const std::string& authorization, const std::string& method, const std::string& message,
                         std::string* answer = nullptr, std::chrono::milliseconds timeout = 5s) const {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel_);
    const auto stream = stub.PrepareCall(&context, method, &queue);
    const auto next = [&] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    stream->StartCall(nullptr);
    bool answered = next();
    if (answered) {
      const grpc::Slice slice(message);
      stream->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
      answered = next();
      grpc::ByteBuffer response;
      stream->Read(&response, nullptr);
      answered = next();
      if (answered && answer != nullptr) {
        grpc::Slice whole;
        if (response.DumpToSingleSlice(&whole).ok())
          answer->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
      }
    }
    if (answered) context.TryCancel();
    grpc::Status status;
    stream->Finish(&status, nullptr);
    next();
    queue.Shutdown();
    while (next()) {
    }
    return answered ? grpc::Status::OK : status;
  }

  template <class Request, class Response>
  grpc::Status ask(const std::string& rpc, const Request& request, Response* response,
                   std::chrono::milliseconds timeout = 5s) const {
    std::string answer;
    const auto status = call(kWorkflowService + rpc, request.SerializeAsString(), &answer, timeout);
    if (status.ok() && !response->ParseFromString(answer)) return {grpc::StatusCode::INTERNAL, "not the answer"};
    return status;
  }

  /// The call that every client makes first.
  grpc::Status greet() const { return call(kWorkflowService + "GetSystemInfo", ""); }
  grpc::Status describe_namespace(const std::string& name) const {
    service::DescribeNamespaceRequest request;
    request.set_namespace_(name);
    service::DescribeNamespaceResponse ignored;
    return ask("DescribeNamespace", request, &ignored);
  }

 private:
  Caller caller_;
  std::shared_ptr<grpc::Channel> channel_;
};

/// What is logged while this lives.
class Lines {
 public:
  Lines() {
    set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      text_ += to_string(record) + "\n";
    });
  }
  ~Lines() { set_log_sink(nullptr); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  bool hold(const std::string& part) const { return text().find(part) != std::string::npos; }

 private:
  mutable std::mutex mutex_{};
  std::string text_{};
};

}  // namespace longbeat::test
