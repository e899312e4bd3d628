#include "simulation/sim_stub.h"

namespace longbeat::simulation {

using internal::Done;

internal::CallId SimStub::describe_task_queue(internal::DescribeTaskQueueParams params, Nanoseconds timeout,
                                              Done<internal::TaskQueueDescription> done) {
  return send(to_request(params), timeout, converting<server::DescribeTaskQueueReply>(std::move(done), kConvert));
}

internal::CallId SimStub::list_workers(internal::ListWorkersParams params, Nanoseconds timeout,
                                       Done<internal::WorkerPage> done) {
  return send(to_request(params), timeout, converting<server::ListWorkersReply>(std::move(done), kConvert));
}

internal::CallId SimStub::count_workers(internal::CountWorkersParams params, Nanoseconds timeout,
                                        Done<std::int64_t> done) {
  return send(to_request(params), timeout, converting<server::CountWorkersReply>(std::move(done), kConvert));
}

internal::CallId SimStub::describe_worker(internal::DescribeWorkerParams params, Nanoseconds timeout,
                                          Done<internal::WorkerDescription> done) {
  return send(to_request(params), timeout, converting<server::DescribeWorkerReply>(std::move(done), kConvert));
}

internal::CallId SimStub::list_activities(internal::ListActivitiesParams params, Nanoseconds timeout,
                                          Done<internal::ActivityPage> done) {
  return send(to_request(params), timeout, converting<server::ListActivitiesReply>(std::move(done), kConvert));
}

internal::CallId SimStub::count_activities(internal::CountActivitiesParams params, Nanoseconds timeout,
                                           Done<internal::ActivityCountFields> done) {
  return send(to_request(params), timeout, converting<server::CountActivitiesReply>(std::move(done), kConvert));
}

internal::CallId SimStub::terminate_activity(internal::TerminateParams params, Nanoseconds timeout, Done<void> done) {
  return send(to_request(params), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::delete_activity(internal::RunParams params, Nanoseconds timeout, Done<void> done) {
  return send(delete_request(params), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::pause_activity(internal::PauseParams params, Nanoseconds timeout, Done<void> done) {
  return send(to_request(params), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::unpause_activity(internal::UnpauseParams params, Nanoseconds timeout, Done<void> done) {
  return send(to_request(params), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::reset_activity(internal::ResetParams params, Nanoseconds timeout, Done<void> done) {
  return send(to_request(params), timeout, converting<server::DoneReply>(std::move(done), kNothing));
}

internal::CallId SimStub::update_activity_options(internal::UpdateOptionsParams params, Nanoseconds timeout,
                                                  Done<internal::ActivityOptionsFields> done) {
  return send(to_request(params), timeout, converting<server::UpdateOptionsReply>(std::move(done), kConvert));
}

internal::CallId SimStub::record_heartbeat_by_id(internal::HeartbeatByIdParams params, Nanoseconds timeout,
                                                 Done<internal::HeartbeatFlags> done) {
  return send(to_request(params), timeout, converting<server::HeartbeatReply>(std::move(done), kConvert));
}

internal::CallId SimStub::respond_completed_by_id(internal::CompletedByIdParams params, Nanoseconds timeout,
                                                  Done<void> done) {
  return send(to_request(params), timeout, converting<server::ReportReply>(std::move(done), kNothing));
}

internal::CallId SimStub::respond_failed_by_id(internal::FailedByIdParams params, Nanoseconds timeout,
                                               Done<void> done) {
  return send(to_request(params), timeout, converting<server::ReportReply>(std::move(done), kNothing));
}

internal::CallId SimStub::respond_canceled_by_id(internal::CanceledByIdParams params, Nanoseconds timeout,
                                                 Done<void> done) {
  return send(to_request(params), timeout, converting<server::ReportReply>(std::move(done), kNothing));
}

}  // namespace longbeat::simulation
