# Every file by name.
set(LONGBEAT_RPC_SOURCES
  src/rpc/channel.cc
  src/rpc/completion_queue_loop.cc
  src/rpc/connect_hint.cc
  src/rpc/convert_client.cc
  src/rpc/convert_common.cc
  src/rpc/convert_failure.cc
  src/rpc/convert_link.cc
  src/rpc/convert_operator.cc
  src/rpc/convert_registry.cc
  src/rpc/convert_server.cc
  src/rpc/convert_status.cc
  src/rpc/convert_worker.cc
  src/rpc/message_stub.cc
  src/rpc/service_stub_grpc.cc
  src/rpc/service_stub_link.cc)
