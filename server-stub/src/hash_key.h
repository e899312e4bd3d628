#pragma once

namespace longbeat::server {

/// `longbeat-server hash-key`: reads a key from standard input and prints its hash; with --new makes a key and prints
/// both. `arguments` are those after the subcommand. The exit code: 0, or 2 after one line on stderr.
int hash_key(int count, char** arguments);

}  // namespace longbeat::server
