#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/calls.h"
#include "longbeat/rows.h"

namespace longbeat::internal {

/// The rows of a list, page by page. Keeps the client's connection open.
template <class Row, class Page>
class PagedRows final : public RowSource<Row> {
 public:
  using Fetch = std::function<Result<Page>(const std::string& next_page_token)>;
  using RowsOf = std::vector<Row> Page::*;

  PagedRows(std::string next_page_token, RowsOf rows_of, Fetch fetch)
      : token_(std::move(next_page_token)), rows_of_(rows_of), fetch_(std::move(fetch)) {}

  std::optional<Result<Row>> next() override {
    while (at_ == rows_.size()) {  // A page may be empty and not the last one.
      if (last_) return std::nullopt;
      auto page = fetch_(token_);
      if (!page) return std::move(page).error();
      rows_ = std::move((*page).*rows_of_);
      at_ = 0;
      token_ = std::move(page->next_page_token);
      last_ = token_.empty();
    }
    return std::move(rows_[at_++]);
  }

 private:
  std::string token_;
  RowsOf rows_of_;
  Fetch fetch_;
  std::vector<Row> rows_{};
  std::size_t at_ = 0;
  bool last_ = false;
};

/// Each state of one run until it has closed.
class WatchedStates final : public RowSource<longbeat::ActivityDescription> {
 public:
  WatchedStates(std::shared_ptr<ClientCore> core, std::string id, std::string run_id, WatchOptions options)
      : core_(std::move(core)),
        id_(std::move(id)),
        run_id_(std::move(run_id)),
        options_(std::move(options)),
        deadline_(deadline_after(core_->connection->loop().now(), options_.timeout)) {}

  std::optional<Result<longbeat::ActivityDescription>> next() override {
    if (closed_) return std::nullopt;
    if (deadline_) options_.timeout = *deadline_ - core_->connection->loop().now();
    auto now = run(*core_, prepare_change(*core_, {id_, run_id_}, token_, options_));
    if (now) {
      run_id_ = now->run_id;
      token_ = now->long_poll_token;
      // Without a token there is nothing to wait for: servers may give none of a closed run.
      closed_ = !now->open() || token_.empty();
    }
    return now;
  }

 private:
  std::shared_ptr<ClientCore> core_;
  std::string id_, run_id_;
  WatchOptions options_;
  std::optional<TimePoint> deadline_;
  std::string token_{};
  bool closed_ = false;
};

}  // namespace longbeat::internal
