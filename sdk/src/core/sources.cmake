# Every file by name.
set(LONGBEAT_CORE_SOURCES
  src/core/attempt.cc
  src/core/courier_pool.cc
  src/core/data_converter.cc
  src/core/failure_attributes.cc
  src/core/in_full.cc
  src/core/library_text.cc
  src/core/outcome.cc
  src/core/payload_limit.cc
  src/core/stop_state.cc
  src/core/wire_format.cc
  src/core/wire_payload.cc
  src/core/wire_size.cc)
