#include "simulation/life_witness.h"

#include <algorithm>

#include "simulation/life_match.h"
#include "simulation/life_text.h"

namespace longbeat::simulation {

using namespace std::chrono_literals;
using internal::StatusCode;
using server::Phase;
using server::Reply;
using server::StatusOr;

namespace {

/// After the faults: how late a deadline may be noticed. A server that was down waits 10 s for reports on their way.
constexpr Nanoseconds kLate = 40s;
constexpr Nanoseconds kSweep = 60s;  ///< Between two looks for closed activities past their retention, and more.

}  // namespace

void LifeWitness::answered(const server::Request& request, const StatusOr<Reply>& reply, bool commit_failed) {
  if (changes_runs(request)) {
    if (token_of(request).empty()) {
      const auto ref = ref_of(request);
      world_.trace("server: " + name_of(request) + " of " + ref.activity_id + " in " + ref.namespace_name +
                   (ref.run_id.empty() ? "" : " (run " + ref.run_id.substr(0, 8) + ")") + ": " +
                   (reply ? "yes" : to_string(reply.error())));
    }
    bool exact = true;
    Run* run = run_of_request(request, exact);
    if (run == nullptr) {
      const auto ref = ref_of(request);
      if (reply && !may_be_there({ref.namespace_name, ref.activity_id})) {
        fail_("a " + name_of(request) + " was accepted, but it names nothing: " + ref.activity_id);
      }
      return;
    }
    if (run->adopt) return;
    if (commit_failed) return maybe_applied(*run, request);
    return applied(*run, request, reply, exact);
  }
  std::visit(
      [&](const auto& one) {
        if constexpr (requires { this->on(one, reply, commit_failed); }) this->on(one, reply, commit_failed);
      },
      request);
}

LifeWitness::Run* LifeWitness::run_of_request(const server::Request& request, bool& exact) {
  std::string run_id;
  if (const auto token = token_of(request); !token.empty()) {
    run_id = run_of(token);
    // A token of another namespace names nothing.
    if (namespace_of(run_id) != space_of(request)) return nullptr;
  } else {
    const auto ref = ref_of(request);
    const Key key{ref.namespace_name, ref.activity_id};
    run_id = ref.run_id;
    if (run_id.empty()) {
      exact = !unknown_.contains(key);
      if (const auto latest = latest_.find(key); latest != latest_.end()) run_id = latest->second;
    }
    const auto known = runs_.find(run_id);
    // A run ID of another activity or namespace names nothing.
    if (known != runs_.end() && known->second.key != key) return nullptr;
  }
  const auto known = runs_.find(run_id);
  return known == runs_.end() ? nullptr : &known->second;
}

void LifeWitness::applied(Run& run, const server::Request& request, const StatusOr<Reply>& reply, bool exact) {
  const WallTime now = world_.wall_now();
  expand(run);
  const auto* beat = reply ? std::get_if<server::HeartbeatReply>(&*reply) : nullptr;
  Lives next;
  for (const Life& life : run.lives) {
    auto after = accepted(life, request, now);
    if (reply) {
      if (beat == nullptr || flags_agree(life, *beat)) next.insert(next.end(), after.begin(), after.end());
      continue;
    }
    bool explained = true;
    const auto code = reply.error().code;
    if (code == StatusCode::kFailedPrecondition) explained = !life.gone && after.empty();
    if (code == StatusCode::kNotFound) explained = life.gone || (is_report(request) && after.empty());
    // What is too late is told so, in no other words.
    const bool unwanted = std::holds_alternative<server::CanceledRequest>(request) && life.held();
    const bool made_again = life.gone && deleted_spaces_.contains(run.key.first);  // Another one of the same name.
    if (code == StatusCode::kInvalidArgument) explained = !is_report(request) || unwanted || made_again;
    if (explained) next.push_back(life);
  }
  if (!exact) next.insert(next.end(), run.lives.begin(), run.lives.end());
  keep(run, std::move(next), [&] {
    return "a " + name_of(request) + " of " + run.key.second + " was " +
           (reply ? "accepted" : "refused (" + to_string(reply.error()) + ")") + ", but it";
  });
}

void LifeWitness::maybe_applied(Run& run, const server::Request& request) {
  const WallTime now = world_.wall_now();
  expand(run);
  const Lives before = run.lives;
  for (const Life& life : before) {
    for (Life& after : accepted(life, request, now)) run.lives.push_back(std::move(after));
  }
  keep(run, std::move(run.lives), [&] { return std::string(); });
}

void LifeWitness::keep(Run& run, Lives lives, const Words& otherwise) {
  if (lives.empty()) {
    std::string was;
    for (const Life& life : run.lives) was += (was.empty() ? "" : ", or ") + told(life);
    fail_(otherwise() + " was " + was);
    return;
  }
  Lives different;
  for (Life& life : lives) {
    if (std::ranges::find(different, life) == different.end()) different.push_back(std::move(life));
  }
  run.lives = std::move(different);
  run.touched = true;
  lives_max_ = std::max(lives_max_, run.lives.size());
}

void LifeWitness::expand(Run& run) {
  const WallTime now = world_.wall_now();
  // Two at most can come together: a hand-out is undone, and the time to be picked up is over.
  std::size_t from = 0;
  for (int turn = 0; turn < 2; ++turn) {
    const std::size_t until = run.lives.size();
    for (; from < until; ++from) {
      const Life life = run.lives[from];
      if (life.held() && !life.token.empty() && undo_.contains(life.token)) run.lives.push_back(undone(life, now));
      for (Life& next : timed_out(life, now)) run.lives.push_back(std::move(next));
    }
  }
  expire(run);
}

void LifeWitness::expire(Run& run) {
  const auto retention = retention_.find(run.key.first);
  if (retention == retention_.end() || (keeps && keeps(run.run_id).value_or(false))) return;
  for (const Life& life : Lives(run.lives)) {
    if (life.gone || !life.is_closed() || world_.wall_now() < life.closed + retention->second) continue;
    run.lives.push_back(life);
    run.lives.back().gone = true;
  }
}

void LifeWitness::server_died(bool commit_failed) {
  undo_.clear();
  look_at_all_ = true;
  closed_workers_.clear();
  watched_.clear();
  for (auto& [key, rate] : rates_) rate.last = {};
  for (auto& [run_id, run] : runs_) {
    if (!run.adopt)
      expire(run);  // Removed since the last look; by the clock of the next process it may seem too early.
  }
  if (!commit_failed) return;
  const WallTime now = world_.wall_now();
  for (auto& [run_id, run] : runs_) {
    if (run.adopt) continue;
    expand(run);
    const Lives before = run.lives;
    for (const Life& life : before) {
      if (life.gone || life.phase != Phase::kScheduled || now < life.due) continue;
      Life next = life;
      next.phase = Phase::kStarted;
      next.token.clear();
      next.begin(now);
      next.ever_began = true;
      next.backoff = next.jitter = Nanoseconds(0);
      run.lives.push_back(std::move(next));
    }
    keep(run, std::move(run.lives), [&] { return std::string(); });
  }
}

void LifeWitness::look(const server::Engine& engine, const Seen& seen) {
  // Looking is the simulation's main cost: what cannot have changed is looked at now and then only.
  const std::uint64_t all_every = 32 + 4 * runs_.size();
  const bool all = std::exchange(look_at_all_, false) || looks_++ % all_every == 0;
  for (auto& [run_id, run] : runs_) {
    if (!all && !needs_look(run)) continue;
    const auto state = engine.find({run.key.first, run.key.second, run_id});
    look_at(run, state.get());
    if (state) seen(run_id, run.key.second, *state);
  }
}

bool LifeWitness::needs_look(const Run& run) const {
  return run.touched || run.adopt || run.lives.size() > 1 || world_.wall_now() >= run.quiet_until;
}

void LifeWitness::undo_asked(const std::string& token) {
  undo_.insert(token);
  if (const auto run = runs_.find(run_of(token)); run != runs_.end()) run->second.touched = true;
}

std::vector<std::string> LifeWitness::still_open() const {
  std::vector<std::string> open;
  for (const auto& [run_id, run] : runs_) {
    if (run.present && (run.status == 1 || run.status == 7)) open.push_back(run.key.second + " in " + run.key.first);
  }
  return open;
}

void LifeWitness::look_at(Run& run, const server::ActivityState* state) {
  if (run.present && state == nullptr) world_.trace("server: " + run.key.second + " in " + run.key.first + " is gone");
  if (run.present != (state != nullptr) || (state != nullptr && state->progress.transition_count != run.transitions)) {
    run.changed_at = world_.now();
  }
  run.present = state != nullptr;
  if (state != nullptr) {
    run.transitions = state->progress.transition_count;
    run.status = status_of(*state);
  }
  if (run.adopt) {
    if (state == nullptr) return;
    run.adopt = false;
    adopt(run, *state);
    return;
  }
  expand(run);
  Lives next;
  for (const Life& life : run.lives) {
    if (state == nullptr ? life.gone : agrees(life, *state)) next.push_back(life);
    if (state != nullptr && !next.empty() && next.back().jitter > Nanoseconds(0)) {
      next.back().due = std::max(next.back().due, state->progress.dispatch_time);
      next.back().jitter = Nanoseconds(0);
    }
  }
  keep(run, std::move(next),
       [&] { return run.key.second + " is " + (state == nullptr ? "gone" : told(found(*state))) + ", but it"; });
  check_bounds(run);
  run.touched = false;
  run.quiet_until = quiet_until(run.lives.front());
}

void LifeWitness::adopt(Run& run, const server::ActivityState& state) {
  const WallTime now = world_.wall_now();
  Life life = found(state);
  // Stored by a clock that was set since: then it has been held since before the start at least.
  const WallTime up = now - (world_.now() - up_since_);
  if (life.beat < up || life.beat > now) life.beat = up;
  run.lives = {life};
  if (!life.held()) return;
  if (life.beat != up) {  // A clock that was set back has come to that time again, perhaps.
    run.lives.push_back(life);
    run.lives.back().beat = up;
  }
  if (life.began > now) {  // Or it was handed out just now: what is stored only grows.
    life.began = life.beat = now;
    run.lives.push_back(life);
  }
  if (run.last_token.empty()) return;
  for (const Life& one : Lives(run.lives)) {
    run.lives.push_back(one);
    run.lives.back().token = run.last_token;
  }
}

void LifeWitness::server_up() {
  up_since_ = world_.now();
  for (auto& [run_id, run] : runs_) {
    for (Life& life : run.lives) {
      if (!life.held()) continue;
      // Its heartbeats had nobody to go to. When it began is what is stored.
      life.beat = world_.wall_now();
      life.began = life.stored_start;
    }
  }
}

void LifeWitness::check_bounds(const Run& run) {
  const WallTime now = world_.wall_now();
  if (faults_ended_at_ == TimePoint::max() || world_.now() < faults_ended_at_ + kLate) return;
  const auto late = [&](const Life& life) {
    const auto retention = retention_.find(run.key.first);
    const bool kept = !life.gone && life.is_closed() && retention != retention_.end() &&
                      now > life.closed + retention->second + kSweep + kLate;
    return (kept && !(keeps && keeps(run.run_id))) || overdue(life, now).value_or(0ns) > kLate;
  };
  if (std::ranges::all_of(run.lives, late)) {
    fail_(run.key.second + " stays " + told(run.lives.front()) + ", though its time is over");
  }
}

bool LifeWitness::is_held(const std::string& token) const {
  const auto known = runs_.find(run_of(token));
  return known != runs_.end() &&
         std::ranges::all_of(known->second.lives, [&](const Life& life) { return life.held() && life.token == token; });
}

std::string LifeWitness::run_of(const std::string& token) const {
  const auto known = tokens_.find(token);
  return known == tokens_.end() ? "" : known->second;
}

std::string LifeWitness::namespace_of(const std::string& run_id) const {
  const auto known = runs_.find(run_id);
  return known == runs_.end() ? "" : known->second.key.first;
}

std::vector<std::pair<std::string, std::string>> LifeWitness::runs_in(const std::string& namespace_name) const {
  std::vector<std::pair<std::string, std::string>> runs;
  for (const auto& [run_id, run] : runs_) {
    if (run.key.first == namespace_name) runs.emplace_back(run_id, run.key.second);
  }
  return runs;
}

bool LifeWitness::knows_all(const std::string& namespace_name) const {
  const auto is_there = [&](const Key& key) { return key.first == namespace_name; };
  return std::ranges::none_of(unknown_, is_there) && std::ranges::none_of(once_unknown_, is_there);
}

std::map<std::string, std::int32_t> LifeWitness::settled(const std::string& namespace_name) const {
  constexpr Nanoseconds kLag = 5s;  // The promised 4 s, and a moment.
  std::map<std::string, std::int32_t> all;
  for (const auto& [run_id, run] : runs_) {
    if (run.key.first != namespace_name || !run.present) continue;
    const bool quiet = world_.now() > run.changed_at + kLag;
    all[run_id] = quiet ? run.status : 0;
  }
  return all;
}

}  // namespace longbeat::simulation
