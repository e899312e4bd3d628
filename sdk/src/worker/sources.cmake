# Every file by name.
set(LONGBEAT_WORKER_SOURCES
  src/worker/activity_context.cc
  src/worker/attempt_codec.cc
  src/worker/attempt_driver.cc
  src/worker/attempt_handover.cc
  src/worker/attempt_report.cc
  src/worker/attempt_stall.cc
  src/worker/attempt_stuck.cc
  src/worker/auto_heartbeat.cc
  src/worker/registry.cc
  src/worker/signals.cc
  src/worker/thread_executor.cc
  src/worker/worker.cc
  src/worker/worker_heartbeat.cc
  src/worker/worker_machine.cc
  src/worker/worker_shutdown.cc)
