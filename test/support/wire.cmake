# A raw client, loads and child processes for programs that treat the server as a black box: no SDK.
add_library(longbeat_wire_support STATIC
  ${CMAKE_CURRENT_LIST_DIR}/child_process.cc
  ${CMAKE_CURRENT_LIST_DIR}/loads.cc
  ${CMAKE_CURRENT_LIST_DIR}/parked_polls.cc
  ${CMAKE_CURRENT_LIST_DIR}/server_process.cc
  ${CMAKE_CURRENT_LIST_DIR}/wire_client.cc)
target_include_directories(longbeat_wire_support PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(longbeat_wire_support PUBLIC longbeat_proto gRPC::grpc++ Threads::Threads longbeat_quick_to_build
  PRIVATE longbeat_base longbeat_flags)
