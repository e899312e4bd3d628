#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <string>

#include "model/step.h"

/// Steps as messages, and messages as facts.
namespace longbeat::model {

namespace service = temporal::api::workflowservice::v1;

/// How one play of a trace names things: nobody else uses these names, and answers are read without them.
struct Names {
  std::string prefix{};  ///< in front of IDs and task queues
  Duration tick{};
  std::string activity() const { return prefix + "activity"; }
  std::string queue(int number) const { return prefix + "queue-" + std::to_string(number); }
  /// Empty where the server is to make one up.
  std::string request(const Step& step) const;
};

service::StartActivityExecutionRequest start_message(const Step& step, const Names& names);
service::PollActivityTaskQueueRequest poll_message(const Step& step, const Names& names);
service::UpdateActivityExecutionOptionsRequest update_message(const Step& step, const Names& names,
                                                              const std::string& run_id);
temporal::api::failure::v1::Failure failure_message(const Step& step, const Names& names);
temporal::api::common::v1::Payloads payloads(const std::string& text);

std::string text_of(const temporal::api::common::v1::Payloads& payloads);
std::string outcome_text(const temporal::api::activity::v1::ActivityExecutionOutcome& outcome);
/// Of a description that was asked for with everything; `run` is what the run is called.
Facts facts_of(const service::DescribeActivityExecutionResponse& response, const std::string& run, const Names& names);
std::string task_text(const service::PollActivityTaskQueueResponse& task, const std::string& token,
                      const std::string& run, const Names& names);
std::string options_answer(const temporal::api::activity::v1::ActivityOptions& options, const Names& names);

}  // namespace longbeat::model
