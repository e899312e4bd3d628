#include "simulation/sim_stub.h"

namespace longbeat::simulation {

using internal::Done;

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
