# Every file by name.
set(LONGBEAT_MACHINE_SOURCES
  src/machine/callbacks.cc
  src/machine/names.cc
  src/machine/notes.cc
  src/machine/operator.cc
  src/machine/options.cc
  src/machine/outcome.cc
  src/machine/plan.cc
  src/machine/retry.cc
  src/machine/summary.cc
  src/machine/text.cc
  src/machine/timeouts.cc
  src/machine/transition.cc
)
