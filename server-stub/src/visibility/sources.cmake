# Every file by name.
set(LONGBEAT_VISIBILITY_SOURCES
  src/visibility/attributes.cc src/visibility/db.cc src/visibility/fields.cc src/visibility/file.cc
  src/visibility/json_value.cc src/visibility/leaf.cc src/visibility/list.cc src/visibility/page_token.cc
  src/visibility/projection.cc src/visibility/synchronous.cc src/visibility/threaded.cc src/visibility/to_sql.cc
)
