#pragma once
/// Codecs for what leaves the process: encryption, compression. They work on encoded values, after PayloadCodec and
/// DataConverter, and know nothing of C++ types.
#include <string>
#include <string_view>

#include "longbeat/export.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

/// Transforms payloads on their way to the server and back; see ClientOptions::codecs. Applied to the input and result
/// of activities, heartbeat details, user metadata and failures with all their causes; never to search attributes, nor
/// to headers.
///
/// Must be thread-safe: client calls run it on the calling thread or on the client's callback executor, workers on
/// threads of the SDK, several at a time. May block, but heartbeats wait for it (a few percent of the heartbeat
/// timeout; then older details go out), and so does the begin of an attempt. Of one that does not end a worker tells in
/// the log; when it stops it reports a failure or a cancellation without what is not encoded. An error and an exception
/// are the same: a client call ends with kUndecodable and what was said; a worker fails the attempt retryably with the
/// type "WireCodecError", or "HeartbeatDetailsError" for heartbeat details.
class LONGBEAT_EXPORT WireCodec {
 public:
  virtual ~WireCodec() = default;
  /// At least one payload, at most as many as were given: one for the summary of an activity, one an argument. The
  /// custom of other SDKs is to put serialize_payload() of each, transformed, into the data of a new payload with an
  /// encoding of the codec's own.
  virtual Result<Payloads> encode(Payloads payloads) = 0;
  /// What encode() made of them; payloads with other encodings unchanged, as they come from programs without this
  /// codec. An error is for what has this encoding and cannot be read.
  virtual Result<Payloads> decode(Payloads payloads) = 0;
};

/// The bytes of temporal.api.common.v1.Payload, as protobuf writes it. Equal payloads have equal bytes.
LONGBEAT_EXPORT std::string serialize_payload(const Payload& payload);
/// The reverse, from any SDK; fields that longbeat does not know are skipped. kUndecodable when these are no such
/// bytes.
LONGBEAT_EXPORT Result<Payload> parse_payload(std::string_view bytes);

LONGBEAT_END
