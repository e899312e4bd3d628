#pragma once
/// In each file: every use is there twice, right and wrong; LONGBEAT_WRONG chooses. The line before it says what the
/// compiler must answer to the wrong one.
#include <string>

#ifdef LONGBEAT_WRONG
#define EITHER(right, ...) __VA_ARGS__
#else
#define EITHER(right, ...) right
#endif
