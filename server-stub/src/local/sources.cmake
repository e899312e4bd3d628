# Every file by name.
set(LONGBEAT_LOCAL_SOURCES
  src/local/call_faults.cc
  src/local/stage.cc
  src/local/stage_loop.cc
  src/local/stage_watch.cc)
