# CMAKE_UNITY_BUILD, which the sanitizers' presets turn on: several files are compiled as one, so that headers and templates
# are compiled once; a clean build takes a quarter of the time. Names that are local to one file must then differ within a
# target. Files whose local names are also a neighbour's are listed here and stay alone.
function(longbeat_compile_alone TARGET)
  if(TARGET ${TARGET})
    get_target_property(folder ${TARGET} SOURCE_DIR)
    list(TRANSFORM ARGN PREPEND ${folder}/)
    set_source_files_properties(${ARGN} TARGET_DIRECTORY ${TARGET} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

longbeat_compile_alone(longbeat_core src/client/async_beats.cc src/client/async_reports.cc src/client/validate.cc
  src/client/validate_start.cc src/worker/attempt_driver.cc)
longbeat_compile_alone(longbeat_engine src/directory/search_attributes.cc src/security/file_watch.cc)
longbeat_compile_alone(longbeat-server src/hash_key.cc)
longbeat_compile_alone(longbeat_simulation life_witness.cc query_model.cc registry_witness.cc)
longbeat_compile_alone(longbeat_wire_support support/parked_polls.cc)
longbeat_compile_alone(conformance describe_wait_test.cc streams_test.cc timeouts_test.cc)
longbeat_compile_alone(conformance_client sdk_client_test.cc)
longbeat_compile_alone(conformance_security sdk_security_test.cc)
longbeat_compile_alone(unit_client async_details_test.cc async_heartbeat_test.cc client_test.cc codec_test.cc
  outcome_wait_test.cc pending_test.cc retrying_stub_test.cc start_test.cc)
longbeat_compile_alone(unit_config security_test.cc)
longbeat_compile_alone(unit_core json_types_test.cc lease_test.cc library_text_test.cc policies_test.cc stall_test.cc
  wire_format_test.cc)
longbeat_compile_alone(unit_machine options_test.cc)
longbeat_compile_alone(unit_local_server waits_test.cc)
longbeat_compile_alone(unit_rpc convert_reports_test.cc convert_server_test.cc convert_test.cc)
longbeat_compile_alone(unit_server_rows encode_activity_rows_test.cc encode_server_rows_test.cc waiting_test.cc)
longbeat_compile_alone(unit_testing time_test.cc)
longbeat_compile_alone(unit_worker codec_test.cc registry_test.cc)
longbeat_compile_alone(unit_workers commands_test.cc registry_test.cc)
