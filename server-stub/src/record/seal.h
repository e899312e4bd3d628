#pragma once
#include "record/record.h"

/// The two halves of seal(), for messages that are serialised straight into the row.
namespace longbeat::server {

/// Clears `out` and leaves room for format and checksum.
void begin_seal(std::string& out);
/// Fills them in for the body that was appended since.
void finish_seal(const RowRef& row, std::string& out);

/// DATA_LOSS with the row's name.
Status unreadable(const RowRef& row, const std::string& why);

}  // namespace longbeat::server
