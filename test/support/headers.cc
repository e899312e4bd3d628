// Nothing: CMake makes precompiled headers only for targets that compile something.
