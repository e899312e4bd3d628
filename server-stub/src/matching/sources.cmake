# Every file by name.
set(LONGBEAT_MATCHING_SOURCES
  src/matching/fair_line.cc
  src/matching/pollers.cc
  src/matching/task_queues.cc
)
