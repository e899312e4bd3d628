#include "core/wire_format.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "core/failure_attributes.h"
#include "core/outcome.h"
#include "longbeat/data_converter.h"

namespace longbeat::internal {
namespace {

/// "codec 2 of 2 (`Aes`) cannot encode: Unavailable: no key"
Error codec_error(const std::vector<std::shared_ptr<WireCodec>>& codecs, std::size_t at, const char* what,
                  const std::string& why) {
  const WireCodec& codec = *codecs[at];
  return {ErrorCode::kUndecodable, "codec " + std::to_string(at + 1) + " of " + std::to_string(codecs.size()) + " (`" +
                                       type_name(typeid(codec)) + "`) cannot " + what + ": " + foreign_text(why)};
}

template <class Call>
Result<Payloads> guarded(const Call& call) {
  try {
    return call();
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInternal, error.what()};
  } catch (...) {
    return Error{ErrorCode::kInternal, "it threw something that is not a std::exception"};
  }
}

std::string in_field(const char* field, const std::string& why) {
  return std::string(field) + ": " + why;
}

/// Takes the marks off. True when all had one: they have never been decoded. One that somebody put beside others is
/// encoded with them, once more, so that nothing goes out unencoded.
bool take_decode_errors(Payloads& payloads) {
  const auto marked = std::count_if(payloads.begin(), payloads.end(),
                                    [](Payload& payload) { return payload.metadata.erase(kDecodeError) > 0; });
  return static_cast<std::size_t>(marked) == payloads.size();
}

/// The failure and its causes, each rebuilt by `each`, the last cause first; stops at the first error.
template <class Each>
Result<Failure> rebuilt(Failure failure, const Each& each) {
  std::vector<Failure> chain;
  for (std::shared_ptr<const Failure> cause = failure.cause; cause != nullptr; cause = cause->cause)
    chain.push_back(*cause);
  std::shared_ptr<const Failure> below;
  for (auto one = chain.rbegin(); one != chain.rend(); ++one) {
    auto done = each(std::move(*one));
    if (!done) return done;
    done->cause = std::move(below);
    below = std::make_shared<const Failure>(*std::move(done));
  }
  auto done = each(std::move(failure));
  if (done) done->cause = std::move(below);
  return done;
}

}  // namespace

WireFormat::WireFormat(std::vector<std::shared_ptr<WireCodec>> codecs, bool encode_common_attributes) {
  if (codecs.empty() && !encode_common_attributes) return;
  state_ = std::make_shared<const State>(State{std::move(codecs), encode_common_attributes});
}

const std::vector<std::shared_ptr<WireCodec>>& WireFormat::codecs() const noexcept {
  static const std::vector<std::shared_ptr<WireCodec>> kNone;
  return state_ ? state_->codecs : kNone;
}

bool WireFormat::changes(const Failure& failure) const noexcept {
  if (!state_) return false;
  if (state_->encode_common_attributes) return !has_only_our_text(failure);
  for (const Failure* one = &failure; one != nullptr; one = one->cause.get())
    if (!one->details.empty()) return true;
  return false;
}

Result<Payloads> WireFormat::encode(Payloads payloads) const {
  const auto& all = codecs();
  if (take_decode_errors(payloads)) return payloads;
  for (std::size_t at = 0; at < all.size(); ++at) {
    const std::size_t given = payloads.size();
    auto encoded = guarded([&] { return all[at]->encode(std::move(payloads)); });
    if (!encoded) return codec_error(all, at, "encode", to_string(encoded.error()));
    if (encoded->empty() || encoded->size() > given)
      return codec_error(all, at, "encode",
                         "it made " + std::to_string(encoded->size()) + " payloads of " + std::to_string(given));
    payloads = *std::move(encoded);
  }
  return payloads;
}

Result<Payloads> WireFormat::decode(Payloads payloads) const {
  const auto& all = codecs();
  for (std::size_t at = all.size(); at-- > 0 && !payloads.empty();) {
    auto decoded = guarded([&] { return all[at]->decode(std::move(payloads)); });
    if (!decoded) return codec_error(all, at, "decode", to_string(decoded.error()));
    payloads = *std::move(decoded);
  }
  return payloads;
}

Result<Payload> WireFormat::encode_single(Payload payload) const {
  Payloads one;
  one.push_back(std::move(payload));
  auto encoded = encode(std::move(one));
  if (!encoded) return std::move(encoded).error();
  return std::move(encoded->front());  // encode() makes one of one.
}

std::string WireFormat::decode_in_place(Payloads& payloads) const {
  if (codecs().empty() || payloads.empty()) return {};
  auto decoded = decode(payloads);
  if (decoded) {
    payloads = *std::move(decoded);
    return {};
  }
  for (auto& payload : payloads) payload.metadata[kDecodeError] = decoded.error().message;
  return std::move(decoded).error().message;
}

Payloads WireFormat::decode_or_mark(Payloads payloads) const {
  decode_in_place(payloads);
  return payloads;
}

Result<Failure> WireFormat::encode(Failure failure) const {
  if (!changes(failure)) return failure;
  return rebuilt(std::move(failure), [this](Failure one) { return encode_one(std::move(one)); });
}

Result<Failure> WireFormat::encode_one(Failure failure) const {
  auto details = encode(std::move(failure.details));
  if (!details) return Error{details.error().code, in_field("details of the failure", details.error().message)};
  failure.details = *std::move(details);
  // One that has them already came from elsewhere and could not be read here.
  if (!state_->encode_common_attributes || failure.encoded_attributes) return failure;
  auto attributes =
      encode_single(to_payload(FailureAttributes{std::move(failure.message), std::move(failure.stack_trace)}));
  if (!attributes)
    return Error{attributes.error().code, in_field("message of the failure", attributes.error().message)};
  failure.encoded_attributes = *std::move(attributes);
  failure.message = kEncodedFailure;
  failure.stack_trace.clear();
  return failure;
}

Failure WireFormat::decode(Failure failure) const {
  return *rebuilt(std::move(failure), [this](Failure one) {
    decode_one(one);
    return Result<Failure>(std::move(one));
  });
}

void WireFormat::decode_one(Failure& failure) const {
  if (failure.encoded_attributes) decode_attributes(failure);
  if (const auto why = decode_in_place(failure.details); !why.empty()) failure.message += " (details: " + why + ")";
}

void WireFormat::decode_attributes(Failure& failure) const {
  auto decoded = decode(Payloads{*failure.encoded_attributes});
  if (!decoded || decoded->size() != 1) {
    failure.message += " (" + (decoded ? "encoded_attributes: not one payload" : decoded.error().message) + ")";
    return;
  }
  auto attributes = failure_attributes(decoded->front());
  if (!attributes) return;  // Of a codec that this client does not have: the text stays hidden.
  // What a worker had to add after the texts were hidden, for example that details were too large.
  const bool noted = failure.message.starts_with(kEncodedFailure);
  failure.message = std::move(attributes->message) +
                    (noted ? failure.message.substr(std::string_view(kEncodedFailure).size()) : std::string());
  failure.stack_trace = std::move(attributes->stack_trace);
  failure.encoded_attributes.reset();
}

Result<StartActivityParams> encode(const WireFormat& format, StartActivityParams params) {
  if (!format.changes_payloads()) return params;
  auto input = format.encode(std::move(params.input));
  if (!input) return Error{input.error().code, in_field("input", input.error().message)};
  params.input = *std::move(input);
  for (auto [field, name] : {std::pair(&params.summary, "summary"), std::pair(&params.details, "details")}) {
    if (!*field) continue;
    auto encoded = format.encode_single(std::move(**field));
    if (!encoded) return Error{encoded.error().code, in_field(name, encoded.error().message)};
    *field = *std::move(encoded);
  }
  return params;
}

Result<ActivityOutcome> decode(const WireFormat& format, ActivityOutcome outcome) {
  if (outcome.failure) outcome.failure = format.decode(*std::move(outcome.failure));
  if (!outcome.result) return outcome;
  auto result = format.decode(*std::move(outcome.result));
  if (!result) return Error{result.error().code, in_field("result", result.error().message)};
  outcome.result = *std::move(result);
  return outcome;
}

ActivityDescription decode(const WireFormat& format, ActivityDescription description) {
  const auto decode_failure = [&](std::optional<Failure>& failure) {
    if (failure) failure = format.decode(*std::move(failure));
  };
  const auto decode_payloads = [&](std::optional<Payloads>& payloads) {
    if (payloads) payloads = format.decode_or_mark(*std::move(payloads));
  };
  const auto decode_payload = [&](std::optional<Payload>& payload) {
    if (!payload) return;
    auto decoded = format.decode_or_mark(Payloads{*payload});
    if (decoded.size() == 1) *payload = std::move(decoded.front());
  };
  description.heartbeat_details = format.decode_or_mark(std::move(description.heartbeat_details));
  decode_failure(description.last_failure);
  decode_payloads(description.input);
  decode_payload(description.summary);
  decode_payload(description.details);
  if (description.outcome) {
    decode_failure(description.outcome->failure);
    decode_payloads(description.outcome->result);
  }
  return description;
}

}  // namespace longbeat::internal
