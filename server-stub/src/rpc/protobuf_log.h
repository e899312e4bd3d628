#pragma once

namespace longbeat::server {

/// protobuf's own lines (a text that is not UTF-8, for example) go to our log at debug instead of stderr, at most
/// kProtobufLinesPerSecond of them. For the whole process: only for a main. Newer releases of protobuf log through
/// absl, there it does nothing.
void log_protobuf_lines();
inline constexpr int kProtobufLinesPerSecond = 10;

}  // namespace longbeat::server
