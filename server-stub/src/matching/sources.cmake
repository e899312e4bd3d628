# Every file by name.
set(LONGBEAT_MATCHING_SOURCES
  src/matching/task_queues.cc
)
