#include "longbeat/testing/resume_check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/guarded.h"
#include "base/log_pause.h"
#include "testing/resume_child.h"
#include "testing/resume_process.h"
#include "testing/resume_report.h"

namespace longbeat::internal {
namespace {

using testing::ResumeReport;
using Run = std::function<ResumeRun(const ResumeOrder&)>;

/// Goes through the heartbeats, by whatever makes the processes.
class ResumeCheck {
 public:
  ResumeCheck(const ResumeSubject& subject, Run run) : subject_(subject), run_(std::move(run)) {}

  ResumeReport report() {
    if (const auto why_not = run_uninterrupted(); !why_not.empty()) return fail(why_not);
    const auto points = resume_points(report_.heartbeats, points_max());
    std::size_t right = 0;
    for (const std::size_t point : points) {
      auto wrong = try_after(point);
      if (wrong.empty()) {
        right = point;
        continue;
      }
      if (auto why_not = compare_undisturbed(); !why_not.empty()) return refuse(std::move(why_not));
      return fail(first_wrong(right, point, std::move(wrong)));
    }
    report_.passed = true;
    report_.text = name() + " resumes correctly after " + how_many(points.size());
    return std::move(report_);
  }

 private:
  std::size_t points_max() const {
    return subject_.options.every_heartbeat ? report_.heartbeats : subject_.options.points_max;
  }
  std::string name() const { return "'" + subject_.activity + "'"; }
  std::string how_many(std::size_t checked) const {
    const auto all = std::to_string(report_.heartbeats);
    if (checked < report_.heartbeats)
      return std::to_string(checked) + " of its " + all + " heartbeats, spread from the first to the last";
    return checked == 1 ? "its one heartbeat" : "each of its " + all + " heartbeats";
  }
  std::string ended(const ResumeRun& run) const { return how_it_ended(run, subject_.options.time_limit); }

  ResumeReport fail(std::string text) {
    std::sort(report_.checked.begin(), report_.checked.end());
    report_.text = std::move(text);
    return std::move(report_);
  }

  /// No comparison counts.
  ResumeReport refuse(std::string text) {
    report_.checked.clear();
    return fail(std::move(text));
  }

  /// Why there is nothing to compare with, or nothing.
  std::string run_uninterrupted() {
    const auto run = run_(order());
    const std::string who = "the uninterrupted run of " + name() + " ";
    report_.heartbeats = run.story.heartbeats;
    if (!run.story.ending) return who + ended(run);
    uninterrupted_ = *run.story.ending;
    if (!uninterrupted_.result) return who + "failed: " + to_string(uninterrupted_.result.error());
    if (!uninterrupted_.observed) return who + "cannot be compared: " + uninterrupted_.observed.error().message;
    return report_.heartbeats == 0 ? who + "called no heartbeat: there is nothing to resume from" : "";
  }

  /// Why nothing can be compared, since it does not do the same each time it is left alone; "" when it does.
  std::string compare_undisturbed() {
    const auto run = run_(order());
    std::string different;
    if (!run.story.ending) {
      different = "\n  the second one " + ended(run);
    } else {
      different = differences(*run.story.ending, uninterrupted_, "before");
      if (run.story.heartbeats != report_.heartbeats)
        different += "\n  heartbeats: " + std::to_string(run.story.heartbeats) + ", before " +
                     std::to_string(report_.heartbeats);
    }
    if (different.empty()) return "";
    return "two undisturbed runs of " + name() + " are not the same, so nothing can be compared:" + different +
           "\n  the world must be the same when each begins (prepare), and no clock, random number or process ID "
           "belongs in a result or an effect";
  }

  ResumeOrder order() const { return {subject_.activity, 0, false, {}, 0}; }

  /// What is wrong when it is killed after this heartbeat and resumed; "" when nothing is.
  std::string try_after(std::size_t heartbeat) {
    report_.checked.push_back(heartbeat);
    const std::string when = "killed after heartbeat " + std::to_string(heartbeat) + " of " +
                             std::to_string(report_.heartbeats) + ", " + name();
    auto to_be_killed = order();
    to_be_killed.kill_after = heartbeat;
    const auto killed = run_(to_be_killed);
    if (!killed.story.details)
      return "to be " + when + " " + ended(killed) + " instead: its runs are not the same each time";
    if (!*killed.story.details)
      return when + " left details that cannot be read: " + killed.story.details->error().message;
    const Payloads& details = **killed.story.details;
    const std::string handed = "\n  handed on: " + shown(details);
    auto resuming = order();
    resuming.resumes = true;
    resuming.details = details;
    const auto resumed = run_(resuming);
    if (!resumed.story.ending) return when + " resumed, and " + ended(resumed) + handed;
    const auto different = differences(*resumed.story.ending, uninterrupted_, "uninterrupted");
    return different.empty() ? "" : when + " does not resume correctly:" + different + handed;
  }

  /// Somewhere after `right`, up to `wrong`: looks where it begins. Returns what is wrong there.
  std::string first_wrong(std::size_t right, std::size_t wrong, std::string what) {
    while (wrong - right > 1) {
      const std::size_t middle = right + (wrong - right) / 2;
      auto finding = try_after(middle);
      if (finding.empty()) {
        right = middle;
      } else {
        wrong = middle;
        what = std::move(finding);
      }
    }
    report_.first_wrong = wrong;
    return what;
  }

  const ResumeSubject& subject_;
  const Run run_;
  ResumeEnding uninterrupted_{};
  ResumeReport report_{};
};

/// Throws on options that mean nothing. What cannot be run at all is a report.
std::optional<ResumeReport> check_subject(const ResumeSubject& subject) {
  const auto& options = subject.options;
  if (options.points_max < 1) throw std::invalid_argument("ResumeCheckOptions.points_max is 0, must be at least 1");
  if (options.time_limit <= std::chrono::milliseconds::zero())
    throw std::invalid_argument("ResumeCheckOptions.time_limit is " + std::to_string(options.time_limit.count()) +
                                " ms, must be more than 0");
  if (options.heartbeat_time < std::chrono::nanoseconds::zero())
    throw std::invalid_argument("ResumeCheckOptions.heartbeat_time is negative");
  const testing::ActivityEnvironment checks_the_rest(options.environment);
  if (subject.input) return std::nullopt;
  ResumeReport report;
  report.text = "the input of '" + subject.activity + "': " + subject.input.error().message;
  return report;
}

/// Holds an order where a process that is started can read it.
class OrderFile {
 public:
  explicit OrderFile(const ResumeOrder& order) : number_(::memfd_create("longbeat resume order", MFD_CLOEXEC)) {
    if (number_ >= 0) write_all(number_, written(order));
  }
  ~OrderFile() {
    if (number_ >= 0) ::close(number_);
  }
  OrderFile(const OrderFile&) = delete;
  OrderFile& operator=(const OrderFile&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

/// Which of this program's checks of the activity this is, from 1: its children count the same.
std::uint64_t count_check(const std::string& activity) {
  static Guarded<std::map<std::string, std::uint64_t>> checks;
  return checks.with([&](auto& counts) { return ++counts[activity]; });
}

ResumeReport check_in_new_programs(char** arguments, const ResumeSubject& subject, std::uint64_t check) try {
  if (auto refused = check_subject(subject)) return *std::move(refused);
  const auto run = [&](ResumeOrder order) {
    order.check = check;
    const OrderFile file(order);
    return watch_process([&](int story) { return start_again(arguments, file.number(), story); },
                         subject.options.time_limit);
  };
  return ResumeCheck(subject, run).report();
} catch (const std::invalid_argument& bad_option) {
  ResumeReport report;
  report.text = std::string("resume_check_main: ") + bad_option.what();
  return report;
}

/// Why this process cannot be copied; "" when it can.
std::string why_not_copied() {
  const auto threads = threads_of_this_process();
  if (!threads) return "check_resume: " + threads.error().message;
  if (*threads == 1) return "";
  return "check_resume: this process has " + std::to_string(*threads) +
         " threads, and only a process of one thread can be copied safely. End the others first, or make it a "
         "program of its own with resume_check_main()";
}

}  // namespace

testing::ResumeReport check_resume(const ResumeSubject& subject) {
  if (auto refused = check_subject(subject)) return *std::move(refused);
  const auto limit = subject.options.time_limit;
  const auto run = [&](const ResumeOrder& order) {
    return watch_process([&](int story) { return fork_process([&] { run_and_tell(subject, order, story); }); }, limit);
  };
  const LogPause one_thread_less;  // A client that was there before has left the log's behind.
  if (auto why_not = why_not_copied(); !why_not.empty()) {
    ResumeReport report;
    report.text = std::move(why_not);
    return report;
  }
  return ResumeCheck(subject, run).report();
}

int resume_check_main(char** arguments, const ResumeSubject& subject) {
  const auto check = count_check(subject.activity);
  if (const auto descriptors = descriptors_of_this_process()) {
    const auto order = read_order(read_all(descriptors->order));
    // Another check's, in the same program.
    if (!order || order->activity != subject.activity || order->check != check) return 0;
    forget_descriptors();
    run_and_tell(subject, *order, descriptors->story);
  }
  const ResumeReport report = check_in_new_programs(arguments, subject, check);
  std::printf("%s\n", report.text.c_str());
  if (report.passed) return 0;
  return report.checked.empty() ? 2 : 1;
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

namespace testing {

std::ostream& operator<<(std::ostream& out, const ResumeReport& report) {
  return out << report.text;
}

}  // namespace testing

LONGBEAT_END
