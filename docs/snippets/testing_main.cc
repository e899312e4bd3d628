#include <longbeat/json.h>
#include <longbeat/testing/resume_check.h>

#include <fstream>
#include <iterator>
#include <string>

inline constexpr longbeat::Activity<void(int tables)> fill{"fill"};

// Stand for a database of yours.
void connect();
void drop_all();
void run_fill(longbeat::ActivityContext& ctx, int tables);
std::string all_rows();

// [main]
int main(int argc, char** argv) {
  connect();  // Starts threads.
  return longbeat::testing::resume_check_main(argc, argv, fill, run_fill, 3, all_rows, {.prepare = drop_all});
}
// [end]
