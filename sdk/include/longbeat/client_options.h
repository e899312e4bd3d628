#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/interceptor.h"
#include "longbeat/result.h"
#include "longbeat/transport.h"
#include "longbeat/wire_codec.h"

LONGBEAT_BEGIN

/// An encrypted connection, on which the server proves who it is. Every field has a usable default. The files are in
/// PEM format and are read once, by Client::connect.
struct TlsOptions {
  /// File with certificates, one of which has to have signed the server's. Empty: those that this system trusts.
  std::string ca{};
  /// File with this client's own certificate, for servers that ask for one; `key` goes with it. Empty: none.
  std::string certificate{};
  /// File with the private key of `certificate`, not encrypted.
  std::string key{};
  /// The name that the server's certificate has to be for. Empty: the host of the address.
  std::string server_name{};
};

/// How a Client reaches the server. Every field has a usable default. Texts are UTF-8.
struct ClientOptions {
  /// Where the server listens: "host:port", "1.2.3.4:7233" or "[::1]:7233". No scheme, no path.
  std::string address = "127.0.0.1:7233";
  /// Takes the place of `address`: a server in this process, LocalServer::transport(). Excludes `tls` and `api_key`.
  std::shared_ptr<Transport> transport{};
  /// Not set: no encryption. `TlsOptions{}` is enough for a server whose certificate this system trusts.
  std::optional<TlsOptions> tls{};
  /// Sent with every call, as `authorization: Bearer KEY`. Empty: none. Needs `tls`, except to this machine itself
  /// (localhost, 127.x.x.x, [::1]). Printable ASCII without spaces. Appears in no message and no line of a log.
  std::string api_key{};
  /// Sends `api_key` unencrypted over a network all the same: everyone on the way can read and use it.
  bool api_key_without_tls = false;
  /// Namespace of every call of this client. Must exist on the server; not empty.
  std::string namespace_name = "default";
  /// Who calls, as the server shows it. Empty: "pid@host". At most 1000 bytes.
  std::string identity{};
  /// Turns values into payloads and back. Runs on the calling thread for client calls, or where
  /// a Pending delivers.
  DataConverter converter{};
  /// Transform what travels, for example by compression and then encryption: the first one sees the encoded values, the
  /// last one makes what is sent; the other way round for what comes. Workers made from this client use them too. All
  /// programs that start, run or read these activities need the same. No null pointers.
  std::vector<std::shared_ptr<WireCodec>> codecs{};
  /// Hides messages and stack traces of failures from the server and its tools, by moving them to where `codecs` reach
  /// them. Without codecs they are moved all the same. What was hidden is shown again to every client whatever this
  /// says.
  bool encode_common_attributes = false;
  /// Bounds one call with all its retries, for example a start; not the wait for a result, which has its own. More than
  /// zero, at most an hour.
  std::chrono::milliseconds call_timeout{10'000};
  /// See every call of this client, the first one outermost. No null pointers.
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors{};
  /// Runs the callbacks and resumptions of Pending: takes a job from any thread and runs it soon, on a thread of your
  /// own, for example the one of your event loop. Only queues: it is called on longbeat's event loop, too, which waits
  /// for it to return. Must outlive the client. A job that it runs in place on longbeat's event loop, or throws at,
  /// goes to the client's threads instead; the callback of one that it drops is not called. Not set: up to 4 threads of
  /// the client's own, made when they are needed; a callback that blocks occupies one.
  std::function<void(std::function<void()> job)> callback_executor{};
};

/// Checks every field and names the first bad one; no I/O. kInvalidArgument on failure.
LONGBEAT_EXPORT Result<> validate(const ClientOptions& options);

LONGBEAT_END
