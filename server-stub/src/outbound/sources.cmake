# Every file by name.
set(LONGBEAT_OUTBOUND_SOURCES
  src/outbound/http_outbound.cc
  src/outbound/http_post.cc
  src/outbound/nexus_completion.cc
  src/outbound/url.cc
)
# Only this file sees the HTTP library's header and the switches it was built with.
set_source_files_properties(src/outbound/http_post.cc PROPERTIES
  COMPILE_OPTIONS "${cpp_httplib_CFLAGS_OTHER}" INCLUDE_DIRECTORIES "${cpp_httplib_INCLUDE_DIRS}"
  SKIP_PRECOMPILE_HEADERS ON)
