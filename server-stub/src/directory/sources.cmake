# Every file by name.
set(LONGBEAT_DIRECTORY_SOURCES
  src/directory/namespaces.cc
  src/directory/run_index.cc
  src/directory/search_attributes.cc
)
