# For target_precompile_headers(), in targets of twenty files and more: parsed once instead of once per file. This saves
# time and nothing else: every file includes what it uses, and the install test, which builds the libraries without, shows it.
set(LONGBEAT_STD_HEADERS
  <algorithm> <atomic> <chrono> <deque> <functional> <future> <map> <memory> <mutex> <optional> <string> <string_view>
  <thread> <unordered_map> <utility> <variant> <vector>)
