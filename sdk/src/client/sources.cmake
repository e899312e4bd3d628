# Every file by name.
set(LONGBEAT_CLIENT_SOURCES
  src/client/calls.cc
  src/client/client.cc
  src/client/errors.cc
  src/client/option_text.cc
  src/client/outcome_wait.cc
  src/client/read_credentials.cc
  src/client/retry_rules.cc
  src/client/retrying_stub.cc
  src/client/start_params.cc
  src/client/validate.cc)
