# Every file by name.
set(LONGBEAT_STORAGE_SOURCES
  src/storage/disk_room.cc
  src/storage/fault_store.cc
  src/storage/file_copy.cc
  src/storage/log_scan.cc
  src/storage/memory_store.cc
  src/storage/new_name.cc
  src/storage/read_only.cc
  src/storage/sqlite_db.cc
  src/storage/sqlite_file.cc
  src/storage/sqlite_store.cc
  src/storage/wal_helper.cc
)
