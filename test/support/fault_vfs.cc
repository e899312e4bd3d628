#include "support/fault_vfs.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <thread>

namespace longbeat::test {
namespace {

sqlite3_vfs* base() {
  static sqlite3_vfs* const found = sqlite3_vfs_find(nullptr);
  return found;
}
FaultVfs& faults() {
  static FaultVfs one;
  return one;
}

/// Ours, then the real file in the same block of memory.
struct File {
  sqlite3_file self;
  bool faulty, is_log;
  std::string database;  ///< without "-wal"
};
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
}
File& ours(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}

/// Counts down to the first failure, and stays there.
bool fails(std::atomic<std::int64_t>& left) {
  for (std::int64_t now = left.load(); now > 0;) {
    if (now == 1) return true;
    if (left.compare_exchange_weak(now, now - 1)) return false;
  }
  return false;
}

int close(sqlite3_file* file) {
  const int result = real(file)->pMethods->xClose(real(file));
  ours(file).database.~basic_string();
  return result;
}
int read(sqlite3_file* file, void* to, int bytes, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), to, bytes, at);
}
int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  if (ours(file).faulty) {
    ++faults().writes;
    if (fails(faults().fail_write_in)) {
      errno = EIO;
      return SQLITE_IOERR_WRITE;
    }
    sqlite3_int64 size = 0;
    real(file)->pMethods->xFileSize(real(file), &size);
    const sqlite3_int64 growth = at + bytes - size;
    if (growth > 0 && static_cast<std::uint64_t>(growth) > faults().bytes_left(ours(file).database)) {
      errno = ENOSPC;
      return SQLITE_FULL;
    }
  }
  return real(file)->pMethods->xWrite(real(file), from, bytes, at);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}
int sync(sqlite3_file* file, int flags) {
  if (ours(file).faulty) {
    ++faults().syncs;
    const int ms = faults().sync_ms + (ours(file).is_log ? 0 : faults().database_sync_ms.load());
    if (ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    if (fails(faults().fail_sync_in)) {
      errno = EIO;
      return SQLITE_IOERR_FSYNC;
    }
    if (faults().skips_sync) return SQLITE_OK;
  }
  return real(file)->pMethods->xSync(real(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_reserved(sqlite3_file* file, int* result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
int control(sqlite3_file* file, int op, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), op, argument);
}
int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shm_map(sqlite3_file* file, int page, int bytes, int extend, void volatile** to) {
  return real(file)->pMethods->xShmMap(real(file), page, bytes, extend, to);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}
int fetch(sqlite3_file* file, sqlite3_int64 at, int bytes, void** to) {
  return real(file)->pMethods->xFetch(real(file), at, bytes, to);
}
int unfetch(sqlite3_file* file, sqlite3_int64 at, void* page) {
  return real(file)->pMethods->xUnfetch(real(file), at, page);
}

constexpr sqlite3_io_methods kMethods{
    3,         close,          read,    write,       truncate,        sync,    file_size, lock,
    unlock,    check_reserved, control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
    shm_unmap, fetch,          unfetch};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int result = base()->xOpen(base(), name, real(file), flags, out_flags);
  if (real(file)->pMethods == nullptr) return result;
  const std::string path = name != nullptr ? name : "";
  const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
  ours(file).is_log = is_log;
  ours(file).faulty = (is_log || (flags & SQLITE_OPEN_MAIN_DB) != 0) && path.find(".visibility") == std::string::npos;
  new (&ours(file).database) std::string(is_log ? path.substr(0, path.size() - 4) : path);
  file->pMethods = &kMethods;
  return result;
}

std::uint64_t size_of(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

}  // namespace

FaultVfs& FaultVfs::install() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs shim = *base();  // All but opening is the real one's own.
    shim.zName = "longbeat-faults";
    shim.szOsFile = static_cast<int>(sizeof(File)) + base()->szOsFile;
    shim.pNext = nullptr;
    shim.xOpen = open;
    return shim;
  }();
  if (sqlite3_vfs_find("longbeat-faults") == nullptr) sqlite3_vfs_register(&vfs, 1);
  return faults();
}

std::uint64_t FaultVfs::bytes_left(const std::string& database) const {
  if (bytes_max == UINT64_MAX) return UINT64_MAX;
  const std::uint64_t used = size_of(database) + size_of(database + "-wal") + size_of(database + ".reserve");
  return used < bytes_max ? bytes_max - used : 0;
}

void FaultVfs::heal() {
  sync_ms = 0;
  database_sync_ms = 0;
  skips_sync = false;
  fail_write_in = 0;
  fail_sync_in = 0;
  bytes_max = UINT64_MAX;
}

}  // namespace longbeat::test
