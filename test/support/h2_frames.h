#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// HTTP/2 frames, and gRPC's calls in them, as bytes: for clients that speak it by hand. What is added goes to the end
/// of `out`, so that a client that is to be fast builds everything in one buffer.
namespace longbeat::test::h2 {

/// What a client begins with, before its settings.
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::uint8_t kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7,
                              kWindowUpdate = 8;
inline constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;
/// Bytes before the payload of a frame, and before a gRPC message in such payloads.
inline constexpr std::size_t kFrameHead = 9, kMessageHead = 5;

/// The most significant byte first.
inline void add_number(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}
inline std::string number(std::uint64_t value, int bytes) {
  std::string out;
  add_number(out, value, bytes);
  return out;
}
inline std::uint32_t read_number(std::string_view from, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(from[at + i]);
  return value;
}

inline void add_frame(std::string& out, std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                      std::string_view payload) {
  add_number(out, payload.size(), 3);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  add_number(out, stream, 4);
  out += payload;
}
inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out;
  add_frame(out, type, flags, stream, payload);
  return out;
}

/// As HPACK writes a header that nobody shall remember; both parts have less than 127 bytes.
inline void add_header(std::string& out, std::string_view name, std::string_view value) {
  out += '\0';
  out += static_cast<char>(name.size());
  out += name;
  out += static_cast<char>(value.size());
  out += value;
}
/// The headers of a gRPC call; the timeout in gRPC's way: "30S", "500m".
inline std::string call_headers(std::string_view path, std::string_view timeout) {
  std::string out;
  add_header(out, ":method", "POST");
  add_header(out, ":scheme", "http");
  add_header(out, ":path", path);
  add_header(out, ":authority", "test");
  add_header(out, "content-type", "application/grpc");
  add_header(out, "te", "trailers");
  add_header(out, "grpc-timeout", timeout);
  return out;
}
/// A gRPC message, or the beginning of one that is said to have so many bytes.
inline std::string message_of(std::size_t announced, std::string_view part) {
  std::string out(1, '\0');
  add_number(out, announced, 4);
  out += part;
  return out;
}

}  // namespace longbeat::test::h2
