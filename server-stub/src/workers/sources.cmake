# Every file by name.
set(LONGBEAT_WORKERS_SOURCES
  src/workers/closed_workers.cc
  src/workers/commands.cc
  src/workers/registry.cc
)
