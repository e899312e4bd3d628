# Every file by name.
set(LONGBEAT_TESTING_SOURCES
  src/testing/activity_environment.cc
  src/testing/attempt_server.cc
  src/testing/environment_probe.cc
  src/testing/test_run.cc
  src/testing/virtual_loop.cc)
