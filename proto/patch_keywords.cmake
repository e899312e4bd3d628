# cmake -DDIRECTORY=<generated files> -P patch_keywords.cmake
#
# protoc 3.21 turns `package temporal.api.namespace.v1` into `namespace namespace {`, which is no C++. Newer releases
# append an underscore, and so does this script, to the generated text: the C++ name becomes
# ::temporal::api::namespace_::v1, descriptors keep the package's true name. Where the underscore is there already
# nothing matches, so running it twice, or after a newer protoc, changes nothing.
cmake_minimum_required(VERSION 3.25)

if(NOT IS_DIRECTORY "${DIRECTORY}")
  message(FATAL_ERROR "patch_keywords.cmake: DIRECTORY is \"${DIRECTORY}\", must be the folder protoc wrote to")
endif()

file(GLOB_RECURSE sources "${DIRECTORY}/*.pb.h" "${DIRECTORY}/*.pb.cc")
foreach(source IN LISTS sources)
  file(READ "${source}" text)
  set(patched "${text}")
  foreach(keyword namespace export)
    string(REPLACE "namespace ${keyword} {" "namespace ${keyword}_ {" patched "${patched}")
    string(REPLACE "::${keyword}::" "::${keyword}_::" patched "${patched}")
  endforeach()
  if(NOT patched STREQUAL text)
    file(WRITE "${source}" "${patched}")
  endif()
endforeach()
