# Our warnings and sanitizers, for our own sources only: linked as PRIVATE $<BUILD_INTERFACE:longbeat_flags>.
add_library(longbeat_flags INTERFACE)
target_compile_options(longbeat_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor
                                                $<$<BOOL:${LONGBEAT_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 reports a variant's inactive member as "maybe uninitialized" when it inlines the destructor.
  target_compile_options(longbeat_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(LONGBEAT_SANITIZE)
  add_compile_options(-fsanitize=${LONGBEAT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LONGBEAT_SANITIZE})
  if(LONGBEAT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
