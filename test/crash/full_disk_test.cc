// A real server on a real disk that runs full: a small one of its own, in memory. README.md says what is held.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/demand.h"
#include "support/program.h"
#include "support/server_process.h"
#include "support/wire_client.h"

namespace longbeat::crash {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Clock;
using test::demand;
namespace wire = test::wire;
using grpc::StatusCode;

constexpr int kSkipped = 77;
constexpr int kTasks = 40;

bool write_text(const char* file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

/// A disk of this size at `folder`, seen by this process and its children only. Without it: why not. Before any thread.
std::string mount_disk(const std::filesystem::path& folder, const char* size) {
  const auto failed = [](const char* what) { return std::string(what) + ": " + std::strerror(errno); };
  if (::unshare(CLONE_NEWNS) != 0) {
    const std::string id = std::to_string(::getuid());
    const std::string group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return failed("unshare");
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", id + " " + id + " 1") ||
        !write_text("/proc/self/gid_map", group + " " + group + " 1")) {
      return failed("uid_map");
    }
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("make mounts private");
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, size) != 0) return failed("mount tmpfs");
  return {};
}

class FullDiskTest {
 public:
  FullDiskTest(const std::string& binary, std::filesystem::path disk, const std::filesystem::path& folder)
      : disk_(std::move(disk)),
        server_({.binary = binary,
                 .database = disk_ / "a.db",
                 .folder = folder,
                 .arguments = {"--config", write_config(folder)}}) {}

  void run() {
    for (int i = 0; i < kTasks; ++i) start_or_throw("task-" + std::to_string(i), "tasks", 100);
    take_tasks();
    const int until_full = fill("first-");
    std::printf("full after %d activities of 50 KB; %s\n", until_full, free_text().c_str());
    demand(until_full > 50, "the disk was full too soon");
    work_goes_on("in the reserve", 0, 10);

    server_.restart();
    // What others had made of the disk may be less by now, so there may be room for some.
    const int after_restart = fill("restart-");
    std::printf("after kill -9: full after %d more; %s\n", after_restart, free_text().c_str());
    demand(after_restart < until_full / 2, "a server that starts on a full disk has forgotten it");
    work_goes_on("after kill -9 on a full disk", 10, 20);

    no_byte_left();
    work_goes_on("after others took all of the disk and gave it back", 20, 30);

    remove("first-", until_full);
    remove("restart-", after_restart);
    accepted_again("after activities were deleted");
    const int again = fill("second-");
    std::printf("full again after %d more; %s\n", again, free_text().c_str());
    demand(again > until_full / 4, "what was deleted made no room");
    remove("second-", again / 2);
    work_goes_on("at last", 30, kTasks);
    server_.restart();
    for (int i = 0; i < kTasks; ++i) described("task-" + std::to_string(i), true);
    for (int i = again / 2; i < again; ++i) described("second-" + std::to_string(i), false);
    demand(server_.running(), "the server ended");
    std::printf("nothing that was acknowledged is lost\n");
  }

  std::string log_tail() const { return server_.log_tail(); }

 private:
  static std::string write_config(const std::filesystem::path& folder) {
    const auto path = folder / "longbeat.toml";
    demand(write_text(path.c_str(), "[server]\ndisk_reserve = \"6MiB\"\n"), "cannot write the configuration");
    return path.string();
  }

  template <class Method, class Response = typename Method::Response>
  grpc::Status call(const Method& method, const typename Method::Request& request, Response* response = nullptr) {
    std::optional<grpc::Status> status;
    client_.call(method, request, seconds(20), [&](const auto& answer) {
      status = answer.status;
      if (response != nullptr) *response = answer.response;
    });
    while (!status) client_.run_one(Clock::now() + seconds(30));
    return *status;
  }
  /// Again while nobody knows.
  template <class Method, class Response = typename Method::Response>
  grpc::Status call_until_known(const Method& method, const typename Method::Request& request,
                                Response* response = nullptr) {
    const auto end = Clock::now() + seconds(40);
    for (;;) {
      const auto status = call(method, request, response);
      if (status.error_code() != StatusCode::UNAVAILABLE || Clock::now() > end) return status;
      client_.run_one(Clock::now() + milliseconds(50));
      ::usleep(50'000);
    }
  }

  grpc::Status start(const std::string& id, const std::string& queue, std::size_t bytes) {
    wire::StartActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.set_request_id("request-of-" + id);
    request.mutable_activity_type()->set_name("fill");
    request.mutable_task_queue()->set_name(queue);
    request.mutable_start_to_close_timeout()->set_seconds(3600);
    request.mutable_heartbeat_timeout()->set_seconds(600);
    request.mutable_input()->add_payloads()->set_data(std::string(bytes, 'x'));
    return call_until_known(test::kStart, request);
  }
  void start_or_throw(const std::string& id, const std::string& queue, std::size_t bytes) {
    const auto status = start(id, queue, bytes);
    demand(status.ok(), "start of " + id + ": " + status.error_message());
  }

  /// Starts activities until one is refused; how many were accepted.
  int fill(const std::string& prefix) {
    for (int i = 0; i < 5000; ++i) {
      const auto status = start(prefix + std::to_string(i), "filler", 50'000);
      if (status.ok()) continue;
      demand(status.error_code() == StatusCode::RESOURCE_EXHAUSTED &&
                 status.error_message().find("the server's disk is full") == 0,
             "refused with " + std::to_string(status.error_code()) + " " + status.error_message());
      return i;
    }
    throw std::runtime_error("the disk never was full");
  }

  void take_tasks() {
    for (int i = 0; i < kTasks; ++i) {
      wire::PollActivityTaskQueueRequest request;
      request.set_namespace_("default");
      request.mutable_task_queue()->set_name("tasks");
      wire::PollActivityTaskQueueResponse response;
      demand(call(test::kPollTask, request, &response).ok() && !response.task_token().empty(), "no task");
      tokens_.push_back(response.task_token());
    }
  }

  /// Heartbeats with details of all tasks from `first` on, and completions of those before `end`.
  void work_goes_on(const std::string& when, int first, int end) {
    for (int i = first; i < kTasks; ++i) {
      wire::RecordActivityTaskHeartbeatRequest beat;
      beat.set_namespace_("default");
      beat.set_task_token(tokens_[static_cast<std::size_t>(i)]);
      beat.mutable_details()->add_payloads()->set_data(when + std::string(2'000, 'd'));
      const auto status = call_until_known(test::kHeartbeat, beat);
      demand(status.ok(), "heartbeat " + when + ": " + status.error_message());
    }
    for (int i = first; i < end; ++i) {
      wire::RespondActivityTaskCompletedRequest done;
      done.set_namespace_("default");
      done.set_task_token(tokens_[static_cast<std::size_t>(i)]);
      done.mutable_result()->add_payloads()->set_data(std::string(5'000, 'r'));
      const auto status = call_until_known(test::kCompleted, done);
      demand(status.ok(), "completion " + when + ": " + status.error_message());
    }
    std::printf("heartbeats and completions go on %s; %s\n", when.c_str(), free_text().c_str());
  }

  /// Some other program takes what the reserve gave back. Nothing can be written, nothing is lost, and the server goes
  /// on as soon as it can.
  void no_byte_left() {
    const auto glutton = disk_ / "glutton";
    {
      std::ofstream out(glutton, std::ios::binary);
      const std::string some(4096, 'g');
      while (out.write(some.data(), static_cast<std::streamsize>(some.size())).flush()) continue;
    }
    int unavailable = 0, taken = 0;
    for (int i = 0; i < 300; ++i) {
      wire::RecordActivityTaskHeartbeatRequest beat;
      beat.set_namespace_("default");
      beat.set_task_token(tokens_[static_cast<std::size_t>(20 + i % 20)]);
      beat.mutable_details()->add_payloads()->set_data(std::to_string(i) + std::string(60'000, 'd'));
      const auto status = call(test::kHeartbeat, beat);
      demand(status.ok() || status.error_code() == StatusCode::UNAVAILABLE,
             "heartbeat without room: " + status.error_message());
      ++(status.ok() ? taken : unavailable);
      if (unavailable >= 20) break;
    }
    std::printf("without a free byte: %d heartbeats of 60 KB were taken, %d were UNAVAILABLE\n", taken, unavailable);
    demand(server_.running(), "the server ended on a disk without a free byte");
    std::filesystem::remove(glutton);
  }

  void remove(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      wire::DeleteActivityExecutionRequest request;
      request.set_namespace_("default");
      request.set_activity_id(prefix + std::to_string(i));
      const auto status = call_until_known(test::kDelete, request);
      // NOT_FOUND: done by a try whose answer was lost.
      demand(status.ok() || status.error_code() == StatusCode::NOT_FOUND, "delete: " + status.error_message());
    }
  }

  void accepted_again(const std::string& when) {
    const auto begin = Clock::now();
    int tries = 0;
    while (!start("again", "filler", 100).ok()) {
      demand(Clock::now() < begin + seconds(20), "starts are still refused " + when);
      ::usleep(50'000);
      ++tries;
    }
    std::printf("starts are accepted again %s; %s\n", when.c_str(), free_text().c_str());
  }

  void described(const std::string& id, bool completed) {
    wire::DescribeActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.set_include_outcome(true);
    wire::DescribeActivityExecutionResponse response;
    const auto status = call_until_known(test::kDescribe, request, &response);
    demand(status.ok(), id + " is lost: " + status.error_message());
    demand(response.outcome().has_result() == completed, id + " has another outcome");
  }

  std::string free_text() const {
    struct statvfs info{};
    ::statvfs(disk_.c_str(), &info);
    return std::to_string(info.f_bavail * info.f_frsize / 1024) + " KiB of the disk are free";
  }

  std::filesystem::path disk_;
  test::ServerProcess server_;
  test::WireClient client_{server_.address()};
  std::vector<std::string> tokens_{};
};

int run(const std::string& binary) {
  const test::TempFolder folder;
  const auto disk = folder.path() / "disk";
  std::filesystem::create_directory(disk);
  if (const std::string why_not = mount_disk(disk, "size=64m"); !why_not.empty()) {
    std::printf("skipped: no small disk can be mounted here (%s)\n", why_not.c_str());
    return kSkipped;
  }
  struct Unmount {
    std::filesystem::path at;
    ~Unmount() { ::umount2(at.c_str(), MNT_DETACH); }
  } const unmount{disk};
  std::optional<FullDiskTest> test;
  test.emplace(binary, disk, folder.path());
  try {
    test->run();
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string(error.what()) + "; the server said:\n" + test->log_tail());
  }
  return 0;
}

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) {
  return longbeat::test::run_program("full_disk_test", "", [&] {
    if (count != 2) throw std::invalid_argument("usage: full_disk_test SERVER");
    return longbeat::crash::run(arguments[1]);
  });
}
