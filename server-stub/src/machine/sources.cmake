# Every file by name.
set(LONGBEAT_MACHINE_SOURCES
  src/machine/names.cc
  src/machine/outcome.cc
  src/machine/plan.cc
  src/machine/retry.cc
  src/machine/timeouts.cc
  src/machine/transition.cc
)
