# Every file by name.
set(LONGBEAT_CONFIG_SOURCES
  src/config/access_rules.cc
  src/config/checks.cc
  src/config/print.cc
  src/config/read.cc
  src/config/settings.cc
  src/config/values.cc
)
