# Every file by name.
set(LONGBEAT_REQUEST_SOURCES
  src/request/options.cc
  src/request/validate.cc
)
