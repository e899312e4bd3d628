# Our warnings and sanitizers, for our own sources only: linked as PRIVATE $<BUILD_INTERFACE:longbeat_flags>.
add_library(longbeat_flags INTERFACE)
target_compile_options(longbeat_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor
                                                $<$<BOOL:${LONGBEAT_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND LONGBEAT_SANITIZE)
  # gcc 12 reports false "maybe uninitialized" and "null dereference" findings in std headers under sanitizers.
  target_compile_options(longbeat_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(LONGBEAT_SANITIZE)
  add_compile_options(-fsanitize=${LONGBEAT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LONGBEAT_SANITIZE})
  if(LONGBEAT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
