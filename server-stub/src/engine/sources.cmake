# Every file by name.
set(LONGBEAT_ENGINE_SOURCES
  src/engine/batch.cc
  src/engine/commands_client.cc
  src/engine/commands_start.cc
  src/engine/commands_worker.cc
  src/engine/engine.cc
  src/engine/index_row.cc
  src/engine/lookup.cc
  src/engine/recovery.cc
  src/engine/task_token.cc
  src/engine/timers.cc
  src/engine/waits.cc
)
