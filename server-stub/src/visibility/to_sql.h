#pragma once
#include "query/query.h"
#include "visibility/db.h"
#include "visibility/visibility.h"

namespace longbeat::server::projection {

/// A piece of SQL with a `?` for each of its parameters, in order. Text of a query never becomes part of `text`.
struct Sql {
  std::string text{};
  std::vector<Bind> binds{};

  Sql& operator+=(std::string_view more) {
    text += more;
    return *this;
  }
  Sql& operator+=(const Sql& more) {
    text += more.text;
    binds.insert(binds.end(), more.binds.begin(), more.binds.end());
    return *this;
  }
  /// Appends a parameter.
  Sql& bind(Bind value) {
    text += '?';
    binds.push_back(std::move(value));
    return *this;
  }
};

struct SqlContext {
  std::uint32_t namespace_id = 0;
  const CustomAttributes& custom;
  /// For activities that closed after a list's first page was made: seen as they were, open.
  bool as_open = false;
  /// Whether this SELECT over custom attributes finds few rows, so that they are better looked up first; may be absent.
  std::function<bool(const Sql& rows)> finds_few{};
};

/// The condition as an SQL expression over the table `activity`, true for what matches. INVALID_ARGUMENT with its place
/// for fields nobody knows and values of a wrong type.
StatusOr<Sql> to_sql(const query::Expression& condition, const SqlContext& context);

}  // namespace longbeat::server::projection
