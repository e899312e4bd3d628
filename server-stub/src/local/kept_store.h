#pragma once
#include <memory>
#include <utility>

#include "storage/store.h"

namespace longbeat::server {

/// A store that outlives the engine that uses it, for the next one.
class KeptStore final : public Store {
 public:
  explicit KeptStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  StatusOr<> commit(std::span<const Write> writes) override { return store_->commit(writes); }
  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override {
    return store_->read(table, key);
  }
  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t key, std::string_view value)>& visit) override {
    return store_->scan(table, first, visit);
  }

 private:
  const std::shared_ptr<Store> store_;
};

}  // namespace longbeat::server
