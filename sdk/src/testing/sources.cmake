# Every file by name.
set(LONGBEAT_TESTING_SOURCES
  src/testing/activity_environment.cc
  src/testing/attempt_server.cc
  src/testing/environment_probe.cc
  src/testing/resume_check.cc
  src/testing/resume_child.cc
  src/testing/resume_process.cc
  src/testing/resume_report.cc
  src/testing/resume_wire.cc
  src/testing/test_run.cc
  src/testing/virtual_loop.cc)
