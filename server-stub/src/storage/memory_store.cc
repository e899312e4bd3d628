#include <array>
#include <map>

#include "storage/store.h"

namespace longbeat::server {
namespace {

class MemoryStore final : public Store {
 public:
  StatusOr<> commit(std::span<const Write> writes) override {
    for (const Write& write : writes) {
      auto& rows = tables_[static_cast<std::size_t>(write.table)];
      if (write.value) {
        rows[write.key].assign(*write.value);  // Reuses the row's bytes when the new ones fit.
      } else {
        rows.erase(write.key);
      }
    }
    return {};
  }

  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override {
    const auto& rows = tables_[static_cast<std::size_t>(table)];
    const auto row = rows.find(key);
    if (row == rows.end()) return std::optional<std::string>();
    return std::optional<std::string>(row->second);
  }

  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t, std::string_view)>& visit) override {
    const auto& rows = tables_[static_cast<std::size_t>(table)];
    for (auto row = rows.lower_bound(first); row != rows.end(); ++row) {
      if (!visit(row->first, row->second)) break;
    }
    return {};
  }

 private:
  std::array<std::map<std::uint64_t, std::string>, kTableCount> tables_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace longbeat::server
