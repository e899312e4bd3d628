#include "simulation/planted_bugs.h"

#include <iterator>

namespace longbeat::simulation {

using internal::Bug;

namespace {

Bug chosen = Bug::kNone;

constexpr PlantedBug kBugs[] = {
    {Bug::kAttemptNotCompared, "attempt-not-compared", "2", "attempt and stamp of a token are not compared"},
    {Bug::kFlagsTogether, "flags-together", "8", "pause is told beside reset"},
    {Bug::kCancelNotTold, "cancel-not-told", "8", "the cancel flag is not delivered"},
    {Bug::kUndoneKeepsToken, "undone-keeps-token", "2", "a hand-out that is undone keeps its stamp"},
    {Bug::kUndoneCounts, "undone-counts", "6", "an undone hand-out counts as an attempt"},
    {Bug::kUnpauseForgetsBackoff, "unpause-forgets-backoff", "6", "unpause forgets the backoff"},
    {Bug::kResetKeepsToken, "reset-keeps-token", "2", "a reset does not bump the stamp"},
    {Bug::kResetClearsDetails, "reset-clears-details", "5", "every reset clears the details"},
    {Bug::kResetForgetsPause, "reset-forgets-pause", "6", "a reset that waited forgets keep_paused"},
    {Bug::kOptionsNotStored, "options-not-stored", "1", "new options are not written to the store"},
    {Bug::kBackoffTooShort, "backoff-too-short", "6", "the backoff does not grow"},
    {Bug::kOneAttemptMore, "one-attempt-more", "6", "maximum attempts off by one"},
    {Bug::kFailureDetailsIgnored, "failure-details-ignored", "5", "details inside a failure are ignored"},
    {Bug::kBeatMovesNoDeadline, "beat-moves-no-deadline", "7", "a heartbeat does not move its deadline"},
    {Bug::kTimerWhilePaused, "timer-while-paused", "7", "schedule-to-start fires while paused"},
    {Bug::kNoTimerWhilePaused, "no-timer-while-paused", "7", "schedule-to-close does not fire while paused"},
    {Bug::kCompletionIsCanceled, "completion-is-canceled", "4",
     "a completion after a cancel request closes as canceled"},
    {Bug::kPriorityIgnored, "priority-ignored", "-", "priorities are ignored"},
    {Bug::kRateIgnored, "rate-ignored", "-", "the rate of a queue is ignored"},
    {Bug::kWeightIgnored, "weight-ignored", "-", "fairness weights are ignored"},
    {Bug::kReplyBeforeCommit, "reply-before-commit", "1", "answers leave before the commit"},
    {Bug::kClosingWakesNobody, "closing-wakes-nobody", "3", "closing does not wake who waits for the outcome"},
    {Bug::kChangeWakesNobody, "change-wakes-nobody", "-", "a change does not wake who watches"},
    {Bug::kTimerNotArmedAgain, "timer-not-armed-again", "7", "a timer that popped too soon is not armed again"},
    {Bug::kDetailsNotStored, "details-not-stored", "5", "new details are not written to the store"},
    {Bug::kOpenRowStays, "open-row-stays", "3", "the open record stays when an activity closes"},
    {Bug::kRecoveryWithoutDetails, "recovery-without-details", "5", "recovery does not read details"},
    {Bug::kRecoveryQueuesNothing, "recovery-queues-nothing", "7", "recovery does not queue what is due"},
    {Bug::kRepeatedStartUnknown, "repeated-start-unknown", "1", "a repeated start is not recognised by its request ID"},
    {Bug::kTokenOfOtherNamespace, "token-of-other-namespace", "2", "a token is accepted in another namespace"},
    {Bug::kPollSwallowed, "poll-swallowed", "7", "a task that went to a dead client's poll is not taken back"},
    {Bug::kClosedPollStays, "closed-poll-stays", "9", "a shut-down worker's parked polls stay"},
    {Bug::kClosedWorkerPolls, "closed-worker-polls", "9", "a shut-down worker may poll again"},
    {Bug::kCallbackNotStored, "callback-not-stored", "-", "what became of a callback is not written"},
    {Bug::kCallbacksForgotten, "callbacks-forgotten", "-", "recovery forgets callbacks under way"},
    {Bug::kRetentionTooShort, "retention-too-short", "1", "retention is half as long"},
    {Bug::kRestartIsSilence, "restart-is-silence", "7", "the time in which the server was down counts as silence"},
    {Bug::kClockBackIgnored, "clock-back-ignored", "7",
     "a clock that was set back lengthens what workers may be silent"},
    {Bug::kFenceFollowsClock, "fence-follows-clock", "-", "the fencing token goes back with the clock"},
    {Bug::kEndFollowsFence, "end-follows-fence", "7", "the end of an attempt counts from its fencing token"},
    {Bug::kServerReadsWallClock, "server-reads-wall-clock", "7", "a server that runs follows its machine's clock"},
    {Bug::kLeaseFromAnswer, "lease-from-answer", "10", "the lease counts from the answer, not from the send"},
    {Bug::kLeaseFromFailedSend, "lease-from-failed-send", "10", "a failed send extends the lease"},
    {Bug::kFailedBeatIsSaved, "failed-beat-is-saved", "5", "details of a failed heartbeat count as saved"},
    {Bug::kOlderDetailsWin, "older-details-win", "5", "older details replace newer ones in the worker"},
    {Bug::kDetailsNotTakenOver, "details-not-taken-over", "5", "an attempt begins without what the last one saved"},
    {Bug::kDetailsNotInFailure, "details-not-in-failure", "5", "the newest details are left out of a failure"},
    {Bug::kPauseIsNoStop, "pause-is-no-stop", "8", "a worker that is told of a pause does not stop"},
    {Bug::kSlotLeaks, "slot-leaks", "9", "a slot leaks when a report is answered NOT_FOUND"},
    {Bug::kReportGivenUp, "report-given-up", "9", "a report is given up at the first UNAVAILABLE"},
    {Bug::kTaskDroppedWhileDraining, "task-dropped-while-draining", "9",
     "a task that arrives while the worker drains is dropped"},
    {Bug::kServerNotTold, "server-not-told", "9", "a worker stops and does not tell the server"},
    {Bug::kLostAnswerForgotten, "lost-answer-forgotten", "4",
     "a client forgets that a report without an answer may have arrived"},
    {Bug::kSlowCodecCostsLease, "slow-codec-costs-lease", "10", "no heartbeat leaves while new details are encoded"},
    {Bug::kFailedCodecCompletes, "failed-codec-completes", "4", "a result that cannot be encoded completes as nothing"},
    {Bug::kUnencodedResultSent, "unencoded-result-sent", "4", "a worker that stops completes without the result"},
};

}  // namespace

std::span<const PlantedBug> planted_bugs() {
  return kBugs;
}

void plant(Bug bug) {
  chosen = bug;
}

}  // namespace longbeat::simulation

namespace longbeat::internal {

bool planted(Bug bug) noexcept {
  return bug == longbeat::simulation::chosen;
}

}  // namespace longbeat::internal
