#pragma once
#include <array>
#include <string_view>

#include "record/record.h"

/// The two halves of seal(), for messages that are serialised straight into the row; and how rows are named.
namespace longbeat::server {

/// Clears `out` and leaves room for format and checksum.
void begin_seal(std::string& out);
/// Fills them in for the body that was appended since.
void finish_seal(const RowRef& row, std::string& out);

/// What table_text() says, by number of storage/store.h's Table.
inline constexpr std::array<std::string_view, 10> kTableTexts{
    "meta", "namespace", "progress", "input", "details", "failure", "closed", "index", "callbacks", "task queue"};

/// DATA_LOSS with the row's name.
Status unreadable(const RowRef& row, const std::string& why);

}  // namespace longbeat::server
