#pragma once
/// Everything public lives in namespace longbeat, inside an inline namespace that carries the ABI version: programs
/// built against two versions fail to link instead of misbehaving. Users never spell the inline name.
#define LONGBEAT_BEGIN \
  namespace longbeat { \
  inline namespace v0_1 {
#define LONGBEAT_END \
  }                  \
  }

#if defined(_WIN32)
#define LONGBEAT_EXPORT
#else
#define LONGBEAT_EXPORT __attribute__((visibility("default")))
#endif

#define LONGBEAT_VERSION "0.1.0"
