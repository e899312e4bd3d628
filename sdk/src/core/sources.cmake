# Every file by name.
set(LONGBEAT_CORE_SOURCES
  src/core/attempt.cc
  src/core/courier_pool.cc
  src/core/data_converter.cc
  src/core/outcome.cc
  src/core/stop_state.cc
  src/core/wire_size.cc)
