# Every file by name.
set(longbeat_record_gen ${CMAKE_CURRENT_BINARY_DIR}/record_gen)
file(MAKE_DIRECTORY ${longbeat_record_gen})
add_custom_command(
  OUTPUT ${longbeat_record_gen}/store.pb.cc ${longbeat_record_gen}/store.pb.h
  COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/src/record --cpp_out=${longbeat_record_gen} store.proto
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/record/store.proto protobuf::protoc
  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/src/record
  COMMENT "Generating C++ from src/record/store.proto"
  VERBATIM)
set(LONGBEAT_RECORD_SOURCES
  src/record/callback_record.cc
  src/record/config_record.cc
  src/record/crc32c.cc
  src/record/record.cc
  src/record/seal.cc
  ${longbeat_record_gen}/store.pb.cc
  ${longbeat_record_gen}/store.pb.h
)
# Only this room sees the generated header, and its warnings are not ours.
set_source_files_properties(src/record/callback_record.cc src/record/config_record.cc src/record/record.cc PROPERTIES COMPILE_OPTIONS "-isystem${longbeat_record_gen}")
set_source_files_properties(${longbeat_record_gen}/store.pb.cc PROPERTIES COMPILE_OPTIONS "-w;-I${longbeat_record_gen}")
