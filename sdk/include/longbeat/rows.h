#pragma once
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "longbeat/export.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// Where Rows come from. Blocks.
template <class Row>
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Nothing: there are no more.
  virtual std::optional<Result<Row>> next() = 0;
};

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// Rows that are fetched while they are read, in one pass:
///   for (const Result<ActivitySummary>& row : client.list()) ...
/// An error is the last row. Nothing is asked of the server before begin() or next(); both block the calling thread.
/// Movable while nobody iterates; one thread at a time.
template <class Row>
class Rows {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = Result<Row>;
    using difference_type = std::ptrdiff_t;
    using pointer = const Result<Row>*;
    using reference = const Result<Row>&;

    explicit Iterator(Rows* rows = nullptr) : rows_(rows) {}
    reference operator*() const { return *rows_->current_; }
    pointer operator->() const { return &*rows_->current_; }
    Iterator& operator++() {
      rows_->current_ = rows_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return rows_ == nullptr || !rows_->current_.has_value(); }

   private:
    Rows* rows_;
  };

  /// Only for longbeat itself.
  explicit Rows(std::unique_ptr<internal::RowSource<Row>> source) : source_(std::move(source)) {}

  /// Fetches the first row; later calls go on where the reading is.
  Iterator begin() {
    if (!current_) current_ = next();
    return Iterator(this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The next row; nothing when there are no more. For those who do not iterate.
  std::optional<Result<Row>> next() {
    if (!source_) return std::nullopt;
    auto row = source_->next();
    if (!row || !row->ok()) source_ = nullptr;
    return row;
  }

 private:
  std::unique_ptr<internal::RowSource<Row>> source_;
  std::optional<Result<Row>> current_{};
};

LONGBEAT_END
