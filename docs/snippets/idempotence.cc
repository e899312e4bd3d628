#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

struct Order {
  std::string id;
  std::int64_t cents = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Order, id, cents)
inline constexpr longbeat::Activity<std::string(Order order)> charge{"charge"};

// Stand for a database and a bank.
bool update(const std::string& statement, std::int64_t fence);
std::string pay(std::int64_t cents, const std::string& idempotency_key);

// [start]
bool charge_once(const longbeat::Client& client, const Order& order) {
  using longbeat::ErrorCode;
  const auto started =
      client.start(charge,
                   {.id = "charge:" + order.id,  // Made of what must happen once, not of a random number.
                    .task_queue = "billing",
                    .start_to_close_timeout = 1min,
                    .id_reuse_policy = longbeat::IdReusePolicy::kRejectDuplicate},
                   order);
  if (started) return true;
  if (started.error().code == ErrorCode::kAlreadyStarted) {
    std::cout << "run " << started.error().run_id << " has it\n";
    return true;
  }
  std::cerr << started.error() << "\n";  // kUnavailable, kDeadlineExceeded: it may have been started. Call this again.
  return false;
}
// [end]

longbeat::Result<std::string> join(const longbeat::Client& client, const Order& order) {
  // [join]
  return client.execute(charge,
                        {.id = "charge:" + order.id,
                         .task_queue = "billing",
                         .start_to_close_timeout = 1min,
                         .id_conflict_policy = longbeat::IdConflictPolicy::kUseExisting},
                        order);
  // [end]
}

// [effects]
std::string run_charge(longbeat::ActivityContext& ctx, const Order& order) {
  // The same key in every attempt and every run: the bank answers a repetition with the payment it has made.
  const auto receipt = pay(order.cents, ctx.info().activity_id);

  // A table knows nothing of leases. The fence refuses an attempt that is not the newest any more.
  const auto fence = ctx.fencing_token();
  if (!update("UPDATE orders SET paid = 1, fence = :fence WHERE id = :id AND fence <= :fence", fence.started_time))
    ctx.logger().warn("a newer attempt has written", {{"order", order.id}});
  return receipt;
}
// [end]
