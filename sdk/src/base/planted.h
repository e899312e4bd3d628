#pragma once
#include <cstdint>

namespace longbeat::internal {

/// Bugs that the simulation has to find, each at the place where somebody could make it (docs/simulation.md has the
/// table). Only longbeat-simulate-planted, a binary of the tests, is built so that one can be chosen; everywhere else
/// planted() is a constant false, and nothing of them is left in the code.
enum class Bug : std::uint8_t {
  kNone,
  // One attempt (server: machine/)
  kAttemptNotCompared,
  kFlagsTogether,
  kCancelNotTold,
  kUndoneKeepsToken,
  kUndoneCounts,
  kUnpauseForgetsBackoff,
  kResetKeepsToken,
  kResetClearsDetails,
  kResetForgetsPause,
  kOptionsNotStored,
  kBackoffTooShort,
  kOneAttemptMore,
  kFailureDetailsIgnored,
  kBeatMovesNoDeadline,
  kTimerWhilePaused,
  kNoTimerWhilePaused,
  kCompletionIsCanceled,
  // Task queues (matching/)
  kPriorityIgnored,
  kRateIgnored,
  kWeightIgnored,
  // Steps, store and recovery (engine/)
  kReplyBeforeCommit,
  kClosingWakesNobody,
  kChangeWakesNobody,
  kTimerNotArmedAgain,
  kDetailsNotStored,
  kOpenRowStays,
  kRecoveryWithoutDetails,
  kRecoveryQueuesNothing,
  kRepeatedStartUnknown,
  kTokenOfOtherNamespace,
  kPollSwallowed,
  kClosedPollStays,
  kClosedWorkerPolls,
  kCallbackNotStored,
  kCallbacksForgotten,
  kRetentionTooShort,
  kRestartIsSilence,
  kClockBackIgnored,
  kFenceFollowsClock,
  kEndFollowsFence,
  kServerReadsWallClock,
  // The worker and the client (SDK)
  kLeaseFromAnswer,
  kLeaseFromFailedSend,
  kFailedBeatIsSaved,
  kOlderDetailsWin,
  kDetailsNotTakenOver,
  kDetailsNotInFailure,
  kPauseIsNoStop,
  kSlotLeaks,
  kReportGivenUp,
  kTaskDroppedWhileDraining,
  kServerNotTold,
  kLostAnswerForgotten,
  kSlowCodecCostsLease,
  kFailedCodecCompletes,
  kUnencodedResultSent,
};

#ifdef LONGBEAT_PLANTED
/// Whether this bug was chosen for the run.
bool planted(Bug bug) noexcept;
#else
constexpr bool planted(Bug) noexcept {
  return false;
}
#endif

}  // namespace longbeat::internal
