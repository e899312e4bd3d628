# Every file by name.
set(LONGBEAT_QUERY_SOURCES
  src/query/lexer.cc src/query/matches.cc src/query/parser.cc src/query/values.cc
)
