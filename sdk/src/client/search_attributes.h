#pragma once
#include <optional>
#include <string>

#include "core/service_stub.h"
#include "longbeat/search_attributes.h"

namespace longbeat::internal {

/// As other SDKs write and read them (protocol.md §4.7): json/plain, with the kind in the metadata "type".
Payload to_payload(const SearchAttribute& attribute);
SearchAttributeFields to_fields(const SearchAttributes& attributes);

/// The reverse; what cannot be read stays a Payload.
SearchAttribute to_attribute(const Payload& payload);
SearchAttributes to_attributes(const SearchAttributeFields& fields);

/// The text of a json/plain string, and of nothing else.
std::optional<std::string> plain_text(const Payload& payload);

/// "2026-01-31T12:00:00.000000001Z", RFC 3339 in UTC.
std::string to_rfc3339(Timestamp time);
/// With any offset; nothing when it is no such time.
std::optional<Timestamp> from_rfc3339(const std::string& text);

}  // namespace longbeat::internal
