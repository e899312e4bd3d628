#include "simulation/space_witness.h"

#include <algorithm>
#include <set>

#include "record/record.h"

namespace longbeat::simulation {

using internal::StatusCode;
using server::Reply;
using server::Request;
using server::StatusOr;
using server::Table;

namespace {

std::string told(const StatusOr<Reply>& reply) {
  return reply ? "yes" : "no (" + to_string(reply.error()) + ")";
}

bool names_attribute(const server::StartRequest& start, const std::map<std::string, std::int32_t>& attributes) {
  return std::ranges::all_of(start.attributes, [&](const auto& one) { return attributes.contains(one.name); });
}

}  // namespace

SpaceWitness::Spaces SpaceWitness::accepted(const Space& space, const Request& request) {
  if (const auto* made = std::get_if<server::RegisterNamespaceRequest>(&request)) {
    if (space.there) return {};
    return {{.there = true, .description = made->description}};
  }
  if (!space.there) return {};
  Space next = space;
  if (std::holds_alternative<server::DeleteNamespaceRequest>(request)) return {Space{}};
  if (std::holds_alternative<server::DeprecateNamespaceRequest>(request)) next.deprecated = true;
  if (const auto* update = std::get_if<server::UpdateNamespaceRequest>(&request); update != nullptr && update->info) {
    next.description = update->info->description;
  }
  if (const auto* added = std::get_if<server::AddSearchAttributesRequest>(&request)) {
    for (const auto& [name, type] : added->attributes) {
      if (!next.attributes.emplace(name, type).second) return {};
    }
  }
  if (const auto* removed = std::get_if<server::RemoveSearchAttributesRequest>(&request)) {
    for (const auto& name : removed->names) {
      next.attributes.erase(name);  // What is not there is removed.
    }
  }
  return {next};
}

bool SpaceWitness::agrees(const Space& space, const Request& request, const Reply& reply) {
  if (const auto* told = std::get_if<server::NamespaceReply>(&reply)) {
    return told->space.description == space.description &&
           (told->space.state == internal::NamespaceState::kDeprecated) == space.deprecated &&
           told->space.search_attributes == space.attributes;
  }
  if (const auto* told = std::get_if<server::SearchAttributesReply>(&reply)) return told->custom == space.attributes;
  if (const auto* told = std::get_if<server::StartReply>(&reply); told != nullptr && told->started) {
    return !space.deprecated && names_attribute(std::get<server::StartRequest>(request), space.attributes);
  }
  return true;
}

bool SpaceWitness::explains(const Space& space, const Request& request, const server::Status& refusal) {
  const bool no_namespace = refusal.code == StatusCode::kNotFound && refusal.message.starts_with("Namespace ");
  if (no_namespace) return !space.there;
  if (std::holds_alternative<server::RegisterNamespaceRequest>(request)) {
    return refusal.code != StatusCode::kAlreadyExists || space.there;
  }
  if (is_open_question(StatusOr<Reply>(refusal))) return true;  // Of a server that ends, or a query.
  if (!space.there) return false;
  if (std::holds_alternative<server::AddSearchAttributesRequest>(request) ||
      std::holds_alternative<server::RemoveSearchAttributesRequest>(request)) {
    return accepted(space, request).empty();
  }
  const auto* start = std::get_if<server::StartRequest>(&request);
  if (start != nullptr && refusal.code == StatusCode::kFailedPrecondition) return space.deprecated;
  if (start != nullptr && refusal.message.find("no mapping defined") != std::string::npos) {
    return !names_attribute(*start, space.attributes);
  }
  return true;
}

void SpaceWitness::answered(const Request& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (reply && std::holds_alternative<server::ListNamespacesReply>(*reply) && !commit_failed) {
    return on_list(std::get<server::ListNamespacesReply>(*reply));
  }
  const auto known = spaces_.find(namespace_of(request));
  if (known == spaces_.end()) {
    if (std::holds_alternative<server::RegisterNamespaceRequest>(request)) {
      spaces_[namespace_of(request)] = {Space{}};
      return answered(request, reply, commit_failed);
    }
    return;
  }
  Spaces& spaces = known->second;
  Spaces next;
  const auto keep = [&](const Space& one) {
    if (std::ranges::find(next, one) == next.end()) next.push_back(one);
  };
  // Who waited in it while it was deleted is answered without a word of it.
  const bool waited = std::holds_alternative<server::PollTaskRequest>(request) ||
                      std::holds_alternative<server::PollOutcomeRequest>(request) ||
                      std::holds_alternative<server::DescribeRequest>(request) ||
                      std::holds_alternative<server::PollCommandsRequest>(request) ||
                      std::holds_alternative<server::ListActivitiesRequest>(request) ||
                      std::holds_alternative<server::CountActivitiesRequest>(request);
  for (const Space& space : spaces) {
    if (commit_failed) keep(space);
    if (waited) {
      const bool no_namespace = !reply && reply.error().message.starts_with("Namespace ");
      if (!no_namespace || explains(space, request, reply.error())) keep(space);
      continue;
    }
    if (!commit_failed && !reply && explains(space, request, reply.error())) keep(space);
    if (!reply && !commit_failed) continue;
    for (const Space& after : accepted(space, request)) {
      // What is described is what it has become.
      if (commit_failed || agrees(after, request, *reply)) keep(after);
    }
  }
  if (next.empty()) {
    const Space& was = spaces.front();
    fail_("the namespace " + known->first + " gave the answer " + told(reply) + " to request " +
          std::to_string(request.index()) + ", but it was " + (was.there ? "" : "not ") + "there" +
          (was.deprecated ? ", deprecated" : "") + ", with " + std::to_string(was.attributes.size()) + " attributes");
    return;
  }
  spaces = std::move(next);
}

void SpaceWitness::on_list(const server::ListNamespacesReply& reply) {
  if (!reply.next_page_token.empty()) return;
  std::set<std::string> listed;
  for (const auto& one : reply.spaces) {
    if (!listed.insert(one.space.name).second) fail_("the list of namespaces has " + one.space.name + " twice");
  }
  for (const auto& [name, spaces] : spaces_) {
    const bool has = listed.contains(name);
    if (std::ranges::none_of(spaces, [&](const Space& one) { return one.there == has; })) {
      fail_("the list of namespaces is wrong about " + name);
    }
  }
}

void SpaceWitness::still_waits(const Request& request) {
  const auto name = namespace_of(request);
  if (is_gone(name)) fail_("a call still waits in the namespace " + name + ", which has been deleted");
}

bool SpaceWitness::is_gone(const std::string& name) const {
  const auto known = spaces_.find(name);
  return known != spaces_.end() && std::ranges::none_of(known->second, [](const Space& one) { return one.there; });
}

bool SpaceWitness::may_be_there(const std::string& name) const {
  const auto known = spaces_.find(name);
  return known != spaces_.end() && std::ranges::any_of(known->second, [](const Space& one) { return one.there; });
}

void SpaceWitness::check_disk(server::Store& disk) const {
  std::set<std::uint64_t> numbers;
  std::set<std::uint64_t> activities;
  const auto each = [&](Table table, auto visit) {
    const auto done = disk.scan(table, 0, [&](std::uint64_t row, std::string_view bytes) {
      visit(row, bytes);
      return true;
    });
    if (!done) fail_("the disk cannot be read: " + to_string(done.error()));
  };
  each(Table::kNamespace, [&](std::uint64_t row, std::string_view bytes) {
    const auto space = server::decode_namespace({Table::kNamespace, row}, bytes);
    if (!space) return fail_("a namespace cannot be read: " + to_string(space.error()));
    numbers.insert(space->number);
    if (space->state == internal::NamespaceState::kDeleted) fail_("on disk: " + space->name + " long after its end");
  });
  each(Table::kInput, [&](std::uint64_t row, std::string_view bytes) {
    activities.insert(row);
    const auto input = server::decode_input({Table::kInput, row}, bytes);
    if (!input) return fail_("an activity cannot be read: " + to_string(input.error()));
    if (!numbers.contains(input->namespace_id))
      fail_("on disk: " + input->activity_id.str() + " of a namespace that is gone");
  });
  for (const Table table :
       {Table::kProgress, Table::kDetails, Table::kFailure, Table::kClosed, Table::kIndex, Table::kCallbacks}) {
    each(table, [&](std::uint64_t row, std::string_view) {
      if (activities.contains(row)) return;
      fail_("on disk: row " + std::to_string(row) + " of table " + std::to_string(static_cast<int>(table)) +
            " belongs to no activity");
    });
  }
  each(Table::kQueue, [&](std::uint64_t row, std::string_view bytes) {
    const auto queue = server::decode_task_queue_config({Table::kQueue, row}, bytes);
    if (!queue) return fail_("a queue cannot be read: " + to_string(queue.error()));
    if (!numbers.contains(queue->namespace_id))
      fail_("on disk: the queue " + queue->name + " of a namespace that is gone");
  });
}

}  // namespace longbeat::simulation
