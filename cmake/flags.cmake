# Our warnings and sanitizers, for our own sources only: linked as PRIVATE $<BUILD_INTERFACE:longbeat_flags>.
add_library(longbeat_flags INTERFACE)
target_compile_options(longbeat_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor)
# Never an error in instrumented code, where gcc's warnings of overruns and uninitialized values are often false: the same
# sources are compiled without a sanitizer too.
if(LONGBEAT_WERROR AND NOT LONGBEAT_SANITIZE)
  target_compile_options(longbeat_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 reports a variant's inactive member as "maybe uninitialized" when it inlines the destructor.
  target_compile_options(longbeat_flags INTERFACE -Wno-maybe-uninitialized)
  # And at -O2 it sees a short string's buffer overrun in every concatenation of two strings.
  target_compile_options(longbeat_flags INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
  # Precompiled headers that do not fit a target's flags are not used: slower, but no error.
  target_compile_options(longbeat_flags INTERFACE -Wno-error=invalid-pch)
endif()

# Debug builds do not optimise code whose speed nobody feels (messages, tests, command lines): it compiles in half the
# time. What the simulation runs does not link this.
add_library(longbeat_quick_to_build INTERFACE)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(longbeat_quick_to_build INTERFACE $<$<CONFIG:Debug>:-O0>)
endif()

if(LONGBEAT_SANITIZE)
  add_compile_options(-fsanitize=${LONGBEAT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LONGBEAT_SANITIZE})
  if(LONGBEAT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    # As in gcc. nlohmann-json casts a number before anybody can look at it; our converter then compares what came of it.
    add_compile_options(-fno-sanitize=float-cast-overflow)
    # A check before every access through a pointer is a third of what tests take to compile. The libraries keep both; of a
    # null pointer AddressSanitizer tells as well.
    target_compile_options(longbeat_quick_to_build INTERFACE -fno-sanitize=null,alignment)
  endif()
endif()

if(LONGBEAT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "LONGBEAT_FUZZ needs clang: it is what brings libFuzzer")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)  # Coverage of everything built here guides the fuzzer.
endif()

if(LONGBEAT_COVERAGE)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "LONGBEAT_COVERAGE needs clang: llvm-cov reads what it counts")
  endif()
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
