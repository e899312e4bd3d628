#include <algorithm>

#include "directory/search_attributes.h"
#include "engine/engine_impl.h"
#include "request/validate.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kNamespacesPerPage = 100;
constexpr std::size_t kTerminationsPerStep = 500;

Status unknown_namespace(const std::string& name) {
  return {internal::StatusCode::kNotFound, "Namespace " + name + " is not found.",
          internal::NamespaceNotFoundDetail{name}};
}

Status bad_page_token() {
  return internal::invalid_argument("invalid next page token");
}

/// The number of the last namespace of the page before.
StatusOr<std::uint32_t> decode_page_token(const std::string& token) {
  std::uint32_t number = 0;
  if (token.empty()) return number;
  if (token.size() > 9 || token.find_first_not_of("0123456789") != std::string::npos) return bad_page_token();
  for (const char digit : token) number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  return number;
}

}  // namespace

StatusOr<const Namespace*> EngineImpl::resolve(const std::string& name) const {
  const auto space = namespaces_.resolve(name);
  if (!space && space.error().code == internal::StatusCode::kNotFound) {
    if (const auto valid = validate_namespace(name, limits_of(nullptr)); !valid) return valid.error();
  }
  return space;
}

StatusOr<const Namespace*> EngineImpl::named(const std::string& name, const std::string& uuid) const {
  if (uuid.empty()) return resolve(name);
  const Namespace* space = namespaces_.by_uuid(uuid);
  if (name.empty()) return space != nullptr ? StatusOr<const Namespace*>(space) : unknown_namespace(uuid);
  const auto by_name = resolve(name);
  if (!by_name && space == nullptr) return by_name;
  if (!by_name || *by_name != space) {
    return internal::invalid_argument("the namespace and the ID of the request are not of the same namespace");
  }
  return by_name;
}

const Namespace& EngineImpl::keep(Namespace space) {
  namespaces_written_.push_back(space.id);
  return namespaces_.by_id(space.id) == nullptr ? namespaces_.add(std::move(space))
                                                : namespaces_.replace(std::move(space));
}

void EngineImpl::on(Command& command, DescribeNamespaceRequest& request) {
  if (const auto valid = validate(request, limits_of(nullptr)); !valid) return answer(command.sink, valid.error());
  const auto space = named(request.namespace_name, request.id);
  if (!space) return answer(command.sink, space.error());
  answer(command.sink, Reply(NamespaceReply{**space, limits_of(*space)}));
}

void EngineImpl::on(Command& command, RegisterNamespaceRequest& request) {
  if (const auto valid = validate(request, limits_named(request.namespace_name)); !valid)
    return answer(command.sink, valid.error());
  const auto retention = parse_duration(request.retention, "WorkflowExecutionRetentionPeriod");
  if (!retention) return answer(command.sink, retention.error());
  if (namespaces_.by_name(request.namespace_name) != nullptr) {
    return answer(command.sink, Status{internal::StatusCode::kAlreadyExists, "Namespace already exists.",
                                       internal::NamespaceExistsDetail{}});
  }
  if (store_->disk_full()) return answer(command.sink, disk_is_full());
  if (namespaces_.all().size() >= options_.limits.namespaces_max) {
    return answer(command.sink,
                  exhausted("limit of namespaces reached: " + std::to_string(options_.limits.namespaces_max),
                            kPersistenceStorageLimit, kScopeSystem));
  }
  Namespace space;
  space.id = namespaces_.next_id();
  space.uuid = internal::make_uuid(random_);
  space.name = std::move(request.namespace_name);
  space.retention = *retention;
  space.description = std::move(request.description);
  space.owner_email = std::move(request.owner_email);
  space.data = std::move(request.data);
  space.create_time = now_;
  keep(std::move(space));
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, ListNamespacesRequest& request) {
  const auto after = decode_page_token(request.page_token);
  if (!after) return answer(command.sink, after.error());
  const std::size_t most = request.page_size > 0
                               ? std::min(static_cast<std::size_t>(request.page_size), limits_of(nullptr).page_size_max)
                               : kNamespacesPerPage;
  ListNamespacesReply reply;
  const auto& all = namespaces_.all();
  std::uint32_t last = *after;
  for (auto at = all.upper_bound(*after); at != all.end(); ++at) {
    const Namespace& space = at->second;
    if (space.state == NamespaceState::kDeleted && !request.include_deleted) continue;
    if (reply.spaces.size() == most) {
      reply.next_page_token = std::to_string(last);
      break;
    }
    reply.spaces.push_back({space, limits_of(&space)});
    last = space.id;
  }
  answer(command.sink, Reply(std::move(reply)));
}

void EngineImpl::on(Command& command, UpdateNamespaceRequest& request) {
  const auto found = resolve(request.namespace_name);
  if (!found) return answer(command.sink, found.error());
  if (const auto valid = validate(request, limits_of(*found)); !valid) return answer(command.sink, valid.error());
  Namespace space = **found;
  if (request.info) {
    if (!request.info->description.empty()) space.description = std::move(request.info->description);
    if (!request.info->owner_email.empty()) space.owner_email = std::move(request.info->owner_email);
    for (auto& [key, value] : request.info->data) space.data[key] = std::move(value);
    if (request.info->state != 0) space.state = static_cast<NamespaceState>(request.info->state);
  }
  if (request.retention) {
    const auto retention = parse_duration(request.retention, "WorkflowExecutionRetentionTtl");
    if (!retention) return answer(command.sink, retention.error());
    space.retention = *retention;
  }
  const Namespace& kept = keep(std::move(space));
  answer(command.sink, Reply(NamespaceReply{kept, limits_of(&kept)}));
}

void EngineImpl::on(Command& command, DeprecateNamespaceRequest& request) {
  const auto found = resolve(request.namespace_name);
  if (!found) return answer(command.sink, found.error());
  Namespace space = **found;
  space.state = NamespaceState::kDeprecated;
  keep(std::move(space));
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, DeleteNamespaceRequest& request) {
  if (const auto valid = validate(request, limits_of(nullptr)); !valid) return answer(command.sink, valid.error());
  const auto found = named(request.namespace_name, request.id);
  if (!found) return answer(command.sink, found.error());
  if ((*found)->state == NamespaceState::kDeleted) return answer(command.sink, unknown_namespace(request.id));
  Namespace space = **found;
  // The name is free at once; what is left goes by another one until it is gone.
  space.name += "-deleted-" + internal::to_string(space.uuid).substr(0, 5);
  space.state = NamespaceState::kDeleted;
  const Namespace& dying = keep(std::move(space));
  bury(dying.id);
  answer(command.sink, Reply(DeleteNamespaceReply{dying.name}));
}

void EngineImpl::bury(std::uint32_t namespace_id) {
  Dying dying;
  dying.namespace_id = namespace_id;
  for (const auto& [row, activity] : open_) {
    if (activity.state.input->namespace_id == namespace_id) dying.rows.push_back(row);
  }
  std::vector<CallId> polls;
  for (const auto& [call, parked] : parked_) {
    if (parked.space != nullptr && parked.space->id == namespace_id) polls.push_back(call);
  }
  std::ranges::sort(polls);
  for (const CallId call : polls) run_out(call);
  std::ranges::sort(dying.rows, std::greater<>());  // Taken from the back: in the order of their starts.
  dying_.push_back(std::move(dying));
  next_sweep_ = now_;
  sweep_row_ = 0;
}

void EngineImpl::bury_some() {
  for (Dying& dying : dying_) {
    for (std::size_t i = 0; i < kTerminationsPerStep && !dying.rows.empty(); ++i) {
      const auto found = open_.find(dying.rows.back());
      dying.rows.pop_back();
      if (found != open_.end() && !found->second.removed) remove(Run{&found->second, {}, found->first});
    }
  }
}

void EngineImpl::sweep_began() {
  for (Dying& dying : dying_) dying.sweeping = dying.rows.empty();
}

void EngineImpl::sweep_ended() {
  // One whole pass after its last open activity: nothing of it is left.
  std::erase_if(dying_, [this](const Dying& dying) {
    if (!dying.sweeping) return false;
    forget_queues(dying.namespace_id);
    namespaces_.remove(dying.namespace_id);
    use_.forget(dying.namespace_id);
    namespaces_written_.push_back(dying.namespace_id);
    return true;
  });
}

void EngineImpl::write_namespaces() {
  std::ranges::sort(namespaces_written_);
  namespaces_written_.erase(std::unique(namespaces_written_.begin(), namespaces_written_.end()), namespaces_written_.end());
  for (const std::uint32_t id : namespaces_written_) {
    if (const Namespace* space = namespaces_.by_id(id)) {
      encode_namespace({Table::kNamespace, id}, record_of(*space), new_row_bytes(Table::kNamespace, id));
    } else {
      remove_row(Table::kNamespace, id);
    }
  }
}

void EngineImpl::on(Command& command, ListSearchAttributesRequest& request) {
  const auto space = resolve(request.namespace_name);
  if (!space) return answer(command.sink, space.error());
  answer(command.sink, Reply(SearchAttributesReply{(*space)->search_attributes}));
}

void EngineImpl::on(Command& command, AddSearchAttributesRequest& request) {
  const auto found = resolve(request.namespace_name);
  if (!found) return answer(command.sink, found.error());
  auto attributes = with_attributes((*found)->search_attributes, request.attributes);
  if (!attributes) return answer(command.sink, attributes.error());
  Namespace space = **found;
  space.search_attributes = std::move(*attributes);
  keep(std::move(space));
  answer(command.sink, Reply(DoneReply{}));
}

void EngineImpl::on(Command& command, RemoveSearchAttributesRequest& request) {
  const auto found = resolve(request.namespace_name);
  if (!found) return answer(command.sink, found.error());
  auto attributes = without_attributes((*found)->search_attributes, request.names);
  if (!attributes) return answer(command.sink, attributes.error());
  Namespace space = **found;
  space.search_attributes = std::move(*attributes);
  keep(std::move(space));
  answer(command.sink, Reply(DoneReply{}));
}

}  // namespace longbeat::server
