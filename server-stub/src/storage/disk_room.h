#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace longbeat::server::sqlite {

/// Watches how much a database can still grow, and keeps a reserve for the day when it cannot: a file beside it, whose
/// room is given back once the disk is full, so that what runs can end and what is closed can be deleted. Belongs to
/// the store's thread.
class DiskRoom {
 public:
  /// Bytes that the disk of this file has left; nothing when the system does not say.
  using FreeBytes = std::function<std::optional<std::uint64_t>(const std::string& path)>;

  /// `reserve_bytes` 0: no reserve is kept. `free_bytes` null: asks the system. A database that is not new and has no
  /// reserve ended on a full disk, and begins there.
  DiskRoom(std::string database, std::uint64_t reserve_bytes, FreeBytes free_bytes, bool is_new);

  /// Looks at the disk. Makes the reserve, enters or leaves the full state. `inside`: bytes of the database's own free
  /// pages, which can be used again.
  void look(std::uint64_t inside);
  /// A write failed for lack of room, whatever the system says of it.
  void ran_out();
  bool full() const { return full_; }
  /// So little may be left that the log must not run ahead of the file: what it holds needs room there as well.
  bool tight() const { return full_ || free_ / 4 < reserve_bytes_; }
  /// Bytes that may be written between two looks.
  std::uint64_t margin() const { return margin_; }
  /// What the disk had left at the last look, the reserve not counted.
  std::uint64_t free_bytes() const { return free_; }

 private:
  enum class Made { kYes, kNoRoom, kNever };
  std::string reserve_path() const { return database_ + ".reserve"; }
  Made make_reserve();
  void enter();
  void say_full();
  std::string left() const;
  void leave();

  std::string database_;
  std::uint64_t reserve_bytes_;
  std::uint64_t margin_;  ///< Between "full" and "no room for one more byte".
  FreeBytes ask_;
  std::uint64_t free_ = UINT64_MAX;
  std::uint64_t inside_ = 0;
  bool has_reserve_ = false;
  bool cannot_reserve_ = false;  ///< For another reason than lack of room: said once.
  bool full_ = false;
  bool said_so_ = false;
};

}  // namespace longbeat::server::sqlite
