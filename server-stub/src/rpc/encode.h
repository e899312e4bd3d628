#pragma once
#include "rpc/wire.h"

/// One function per RPC: the engine's reply to the bytes of the response. A function is only ever given the reply that
/// belongs to its RPC.
namespace longbeat::server {

struct EncodeInput {
  const Reply& reply;
  Scratch& scratch;
  Time now{};  ///< of the step that answers
};

using Encoder = grpc::ByteBuffer (*)(const EncodeInput& input);

// encode_client.cc
grpc::ByteBuffer encode_start(const EncodeInput& input);
grpc::ByteBuffer encode_poll_outcome(const EncodeInput& input);
grpc::ByteBuffer encode_update_options(const EncodeInput& input);
/// Of every response without fields.
grpc::ByteBuffer encode_done(const EncodeInput& input);

// encode_describe.cc
grpc::ByteBuffer encode_describe(const EncodeInput& input);

// encode_worker.cc
grpc::ByteBuffer encode_poll_task(const EncodeInput& input);
grpc::ByteBuffer encode_heartbeat(const EncodeInput& input);
grpc::ByteBuffer encode_heartbeat_by_id(const EncodeInput& input);
grpc::ByteBuffer encode_failed(const EncodeInput& input);
grpc::ByteBuffer encode_failed_by_id(const EncodeInput& input);

// encode_lists.cc
grpc::ByteBuffer encode_list_activities(const EncodeInput& input);
grpc::ByteBuffer encode_count_activities(const EncodeInput& input);
grpc::ByteBuffer encode_list_workflows(const EncodeInput& input);
grpc::ByteBuffer encode_count_workflows(const EncodeInput& input);

// encode_namespace.cc
grpc::ByteBuffer encode_describe_namespace(const EncodeInput& input);
grpc::ByteBuffer encode_list_namespaces(const EncodeInput& input);
grpc::ByteBuffer encode_update_namespace(const EncodeInput& input);
grpc::ByteBuffer encode_delete_namespace(const EncodeInput& input);
grpc::ByteBuffer encode_list_search_attributes(const EncodeInput& input);

// encode_queue.cc
grpc::ByteBuffer encode_describe_task_queue(const EncodeInput& input);
grpc::ByteBuffer encode_update_task_queue_config(const EncodeInput& input);
grpc::ByteBuffer encode_list_task_queue_partitions(const EncodeInput& input);
grpc::ByteBuffer encode_poll_workflow_task(const EncodeInput& input);
grpc::ByteBuffer encode_poll_nexus_task(const EncodeInput& input);

// encode_registry.cc
grpc::ByteBuffer encode_list_workers(const EncodeInput& input);
grpc::ByteBuffer encode_count_workers(const EncodeInput& input);
grpc::ByteBuffer encode_describe_worker(const EncodeInput& input);

}  // namespace longbeat::server
