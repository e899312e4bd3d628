#pragma once
#include <cstdint>
#include <optional>
#include <string>

/// Texts that flags and the file share: what is wrong with a value, or an empty text.
namespace longbeat::server {

/// For a message of one line, whatever the value is: cut, without control characters.
std::string plain(const std::string& value);
/// The same in quotes.
std::string quoted(const std::string& value, char quote = '\'');

std::optional<std::uint16_t> port_from(const std::string& value);
std::string check_port(const std::string& value);
std::string check_ip(const std::string& value);
std::string check_file(const std::string& value);
std::string check_namespace_name(const std::string& name);
std::string check_log_level(const std::string& value);
std::string check_log_format(const std::string& value);
std::string check_callback_address(const std::string& value);
/// A key's hash. Does not repeat the value: somebody may have put the key there.
std::string check_key_hash(const std::string& value);
std::string check_role(const std::string& value);
/// The same, or "none".
std::string check_certificate_role(const std::string& value);
/// A namespace or "*".
std::string check_key_namespace(const std::string& value);
std::string check_moment(const std::string& value);

}  // namespace longbeat::server
