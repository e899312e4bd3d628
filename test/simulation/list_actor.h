#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "simulation/life_witness.h"
#include "simulation/neighbour.h"
#include "simulation/query_model.h"

namespace longbeat::simulation {

inline constexpr auto kListsNamespace = "lists";

/// Asks random questions of list and count, page by page while others write, and compares: what has not changed from
/// before the question until after its answer is listed exactly when the condition holds for it, once, in order.
class ListActor final : public Neighbour {
 public:
  ListActor(World& world, SimServer& server, const NetworkFaults& faults, const LifeWitness& lives, Fail fail)
      : Neighbour(world, server, faults), lives_(lives), fail_(std::move(fail)) {}
  void act() override;
  void settle() override;
  bool at_rest() const override { return last_questions_ == 0; }

 private:
  using Fields = std::map<std::string, FieldValue>;
  /// What list must know of one run.
  struct Row {
    Fields fields{};
    std::int64_t transitions = 0;
    TimePoint changed_at{};  ///< when that was seen, whatever the server's clock showed
    friend bool operator==(const Row&, const Row&) = default;
  };
  using Rows = std::map<std::string, Row>;  ///< by run ID
  struct Question;

  void start();
  void change();
  void ask(const std::string& space);
  void next_page(std::shared_ptr<Question> question, std::string token);
  void check_list(const Question& question);
  void check_count(const Question& question, const server::CountActivitiesReply& reply);
  void check_order(const Question& question, const Rows& stable);
  void answered(const Question& question);
  void until_ended(std::size_t from);

  Rows rows_of(const std::string& space) const;
  /// Rows of before that are the same now.
  Rows stable(const Question& question) const;
  Condition new_condition(const Rows& rows, const std::string& space);

  const LifeWitness& lives_;
  Fail fail_;
  std::vector<std::string> ids_{};
  std::map<std::string, Fields> attributes_{};  ///< by the request ID of the start
  std::uint64_t next_request_ = 0;
  bool registered_ = false;
  int last_questions_ = 12;
};

}  // namespace longbeat::simulation
