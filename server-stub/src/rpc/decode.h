#pragma once
#include <optional>

#include "rpc/wire.h"

/// One function per RPC: bytes of the request to the engine's request. Nothing when the bytes are not that message.
/// They check nothing else: validation is the engine's.
namespace longbeat::server {

/// What a request is decoded from.
struct DecodeInput {
  const grpc::ByteBuffer& bytes;
  Scratch& scratch;
  /// The value of one header of the call, empty when absent.
  const std::function<std::string(const char* name)>& header;
};

using Decoder = std::optional<Request> (*)(const DecodeInput& input);

// decode_client.cc
std::optional<Request> decode_start(const DecodeInput& input);
std::optional<Request> decode_poll_outcome(const DecodeInput& input);
std::optional<Request> decode_describe(const DecodeInput& input);
std::optional<Request> decode_cancel(const DecodeInput& input);

// decode_operator.cc
std::optional<Request> decode_terminate(const DecodeInput& input);
std::optional<Request> decode_delete(const DecodeInput& input);
std::optional<Request> decode_pause(const DecodeInput& input);
std::optional<Request> decode_unpause(const DecodeInput& input);
std::optional<Request> decode_reset(const DecodeInput& input);
std::optional<Request> decode_update_options(const DecodeInput& input);

// decode_worker.cc
std::optional<Request> decode_poll_task(const DecodeInput& input);
std::optional<Request> decode_heartbeat(const DecodeInput& input);
std::optional<Request> decode_completed(const DecodeInput& input);
std::optional<Request> decode_failed(const DecodeInput& input);
std::optional<Request> decode_canceled(const DecodeInput& input);

// decode_by_id.cc
std::optional<Request> decode_heartbeat_by_id(const DecodeInput& input);
std::optional<Request> decode_completed_by_id(const DecodeInput& input);
std::optional<Request> decode_failed_by_id(const DecodeInput& input);
std::optional<Request> decode_canceled_by_id(const DecodeInput& input);

// decode_lists.cc
std::optional<Request> decode_list_activities(const DecodeInput& input);
std::optional<Request> decode_count_activities(const DecodeInput& input);
std::optional<Request> decode_list_workflows(const DecodeInput& input);
std::optional<Request> decode_count_workflows(const DecodeInput& input);

// decode_namespace.cc
std::optional<Request> decode_describe_namespace(const DecodeInput& input);
std::optional<Request> decode_register_namespace(const DecodeInput& input);
std::optional<Request> decode_list_namespaces(const DecodeInput& input);
std::optional<Request> decode_update_namespace(const DecodeInput& input);
std::optional<Request> decode_deprecate_namespace(const DecodeInput& input);
std::optional<Request> decode_delete_namespace(const DecodeInput& input);
std::optional<Request> decode_list_search_attributes(const DecodeInput& input);
std::optional<Request> decode_add_search_attributes(const DecodeInput& input);
std::optional<Request> decode_remove_search_attributes(const DecodeInput& input);

// decode_queue.cc
std::optional<Request> decode_describe_task_queue(const DecodeInput& input);
std::optional<Request> decode_update_task_queue_config(const DecodeInput& input);
std::optional<Request> decode_list_task_queue_partitions(const DecodeInput& input);
std::optional<Request> decode_poll_workflow_task(const DecodeInput& input);
std::optional<Request> decode_poll_nexus_task(const DecodeInput& input);

// decode_registry.cc
std::optional<Request> decode_record_worker_heartbeat(const DecodeInput& input);
std::optional<Request> decode_shutdown_worker(const DecodeInput& input);
std::optional<Request> decode_list_workers(const DecodeInput& input);
std::optional<Request> decode_count_workers(const DecodeInput& input);
std::optional<Request> decode_describe_worker(const DecodeInput& input);
std::optional<Request> decode_nexus_completed(const DecodeInput& input);
std::optional<Request> decode_nexus_failed(const DecodeInput& input);

}  // namespace longbeat::server
