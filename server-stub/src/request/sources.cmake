# Every file by name.
set(LONGBEAT_REQUEST_SOURCES
  src/request/attributes.cc
  src/request/callbacks.cc
  src/request/checks.cc
  src/request/merge.cc
  src/request/namespaces.cc
  src/request/operator.cc
  src/request/options.cc
  src/request/queues.cc
  src/request/reports.cc
  src/request/runs.cc
  src/request/start.cc
  src/request/workers.cc
)
