#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/health/v1/health.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <grpc/reflection/v1alpha/reflection.pb.h>
#include <longbeat/server/v1/admin.pb.h>
#include <temporal/api/operatorservice/v1/service.pb.h>
#include <temporal/api/workflowservice/v1/service.pb.h>

#include <set>

#include "rpc/dispatch_table.h"

namespace longbeat::server {
namespace {

namespace reflection = grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

/// Answers from the descriptors that are linked in. The two versions of the protocol have the same fields, so the
/// messages of one serve both.
class Reflection final : public Stream {
 public:
  StatusOr<std::vector<grpc::ByteBuffer>> on_message(const LocalInput& input) override {
    auto& from = input.scratch.make<reflection::ServerReflectionRequest>();
    if (!parse(input.bytes, from)) {
      return internal::internal_error("ServerReflectionInfo: the request is not a ServerReflectionRequest");
    }
    auto& to = input.scratch.make<reflection::ServerReflectionResponse>();
    to.set_valid_host(from.host());
    *to.mutable_original_request() = from;
    answer(from, to);
    std::vector<grpc::ByteBuffer> responses;
    responses.push_back(to_byte_buffer(to));
    return responses;
  }
  bool reads_on() const override { return true; }

 private:
  using Request = reflection::ServerReflectionRequest;

  void answer(const Request& from, reflection::ServerReflectionResponse& to) {
    switch (from.message_request_case()) {
      case Request::kListServices:
        for (const std::string_view name : service_names()) {
          to.mutable_list_services_response()->add_service()->set_name(std::string(name));
        }
        return;
      case Request::kFileByFilename:
        return send(pool().FindFileByName(from.file_by_filename()), from.file_by_filename(), to);
      case Request::kFileContainingSymbol:
        return send(pool().FindFileContainingSymbol(from.file_containing_symbol()), from.file_containing_symbol(), to);
      case Request::kFileContainingExtension: {
        const auto& asked = from.file_containing_extension();
        const auto* type = pool().FindMessageTypeByName(asked.containing_type());
        const auto* field = type == nullptr ? nullptr : pool().FindExtensionByNumber(type, asked.extension_number());
        return send(field == nullptr ? nullptr : field->file(), asked.containing_type(), to);
      }
      case Request::kAllExtensionNumbersOfType: {
        const std::string& name = from.all_extension_numbers_of_type();
        const auto* type = pool().FindMessageTypeByName(name);
        if (type == nullptr) return refuse(name, to);
        std::vector<const google::protobuf::FieldDescriptor*> fields;
        pool().FindAllExtensions(type, &fields);
        auto& numbers = *to.mutable_all_extension_numbers_response();
        numbers.set_base_type_name(name);
        for (const auto* field : fields) numbers.add_extension_number(field->number());
        return;
      }
      case Request::MESSAGE_REQUEST_NOT_SET:
        to.mutable_error_response()->set_error_code(static_cast<std::int32_t>(internal::StatusCode::kInvalidArgument));
        to.mutable_error_response()->set_error_message("the request asks for nothing");
        return;
    }
  }

  static const DescriptorPool& pool() {
    // Out of a static library only what is named is linked: one word for each file with a service.
    static const auto* const kPool = temporal::api::workflowservice::v1::WorkflowService::descriptor()->file()->pool();
    static const bool kOthers = temporal::api::operatorservice::v1::OperatorService::descriptor() != nullptr &&
                                grpc::reflection::v1alpha::ServerReflectionRequest::descriptor() != nullptr &&
                                grpc::health::v1::HealthCheckRequest::descriptor() != nullptr &&
                                longbeat::server::v1::BackupRequest::descriptor() != nullptr;
    (void)kOthers;
    return *kPool;
  }

  static void refuse(const std::string& name, reflection::ServerReflectionResponse& to) {
    to.mutable_error_response()->set_error_code(static_cast<std::int32_t>(internal::StatusCode::kNotFound));
    to.mutable_error_response()->set_error_message("not known here: " + name);
  }

  void send(const FileDescriptor* file, const std::string& name, reflection::ServerReflectionResponse& to) {
    if (file == nullptr) return refuse(name, to);
    auto& files = *to.mutable_file_descriptor_response();
    add(*file, files);
    // The one that was asked for always comes, even for the second time.
    if (files.file_descriptor_proto().empty()) add_one(*file, files);
  }

  /// With what it imports, as far as this stream has not sent it yet.
  void add(const FileDescriptor& file, reflection::FileDescriptorResponse& files) {
    if (!sent_.insert(&file).second) return;
    add_one(file, files);
    for (int i = 0; i < file.dependency_count(); ++i) add(*file.dependency(i), files);
  }

  static void add_one(const FileDescriptor& file, reflection::FileDescriptorResponse& files) {
    google::protobuf::FileDescriptorProto message;
    file.CopyTo(&message);
    message.SerializeToString(files.add_file_descriptor_proto());
  }

  std::set<const FileDescriptor*> sent_;
};

}  // namespace

std::unique_ptr<Stream> reflect() {
  return std::make_unique<Reflection>();
}

}  // namespace longbeat::server
