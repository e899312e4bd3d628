#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/service_stub.h"
#include "longbeat/failure.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/wire_codec.h"

namespace longbeat::internal {

/// How one client's payloads and failures look on the wire: its codecs in order, and whether texts of failures are
/// hidden. A value; copies are cheap. Thread-safe. Runs user code, except where it says otherwise, so never on the
/// loop: on the calling thread or the callback executor of a client, on the courier of a worker. No function throws.
class WireFormat {
 public:
  /// Everything travels as it is, but encoded_attributes of others are read.
  WireFormat() = default;
  /// encode() goes through the codecs from the first to the last, decode() back.
  WireFormat(std::vector<std::shared_ptr<WireCodec>> codecs, bool encode_common_attributes);

  /// Whether the functions below have anything to do. No user code.
  bool changes_payloads() const noexcept { return !codecs().empty(); }
  /// No text is hidden where it is only ours: such a failure never waits for codecs.
  bool changes(const Failure& failure) const noexcept;
  bool hides_texts() const noexcept { return state_ && state_->encode_common_attributes; }

  /// kUndecodable with what the codec said: "codec 2 of 2 (`Aes`) cannot encode: Unavailable: no key". What came with
  /// kDecodeError, all of it, is encoded still and goes on as it was.
  Result<Payloads> encode(Payloads payloads) const;
  Result<Payloads> decode(Payloads payloads) const;
  Result<Payload> encode_single(Payload payload) const;
  /// With all causes.
  Result<Failure> encode(Failure failure) const;

  /// For what is worth showing all the same: what cannot be decoded stays as it came, and its metadata says why, under
  /// kDecodeError. A failure's message says so too.
  Payloads decode_or_mark(Payloads payloads) const;
  Failure decode(Failure failure) const;

 private:
  struct State {
    std::vector<std::shared_ptr<WireCodec>> codecs{};
    bool encode_common_attributes = false;
  };
  const std::vector<std::shared_ptr<WireCodec>>& codecs() const noexcept;
  Result<Failure> encode_one(Failure failure) const;
  /// Why not, or nothing.
  std::string decode_in_place(Payloads& payloads) const;
  void decode_one(Failure& failure) const;
  void decode_attributes(Failure& failure) const;

  std::shared_ptr<const State> state_{};  ///< null: nothing to do
};

/// Whole requests and answers of a client, as encode() and decode() above. A refusal names the field.
Result<StartActivityParams> encode(const WireFormat& format, StartActivityParams params);
/// An outcome's failure is decoded as far as that is possible; a result that cannot be decoded is an error.
Result<ActivityOutcome> decode(const WireFormat& format, ActivityOutcome outcome);
/// Never fails: a description is worth having also when its payloads cannot be read.
ActivityDescription decode(const WireFormat& format, ActivityDescription description);

/// In the metadata of a payload that stayed encoded: why. encode() takes it off.
inline constexpr const char* kDecodeError = "longbeat-decode-error";
/// The visible message of a failure whose message and stack trace are in encoded_attributes.
inline constexpr const char* kEncodedFailure = "Encoded failure";

}  // namespace longbeat::internal
