// The activities of all cases.
import { Context, CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

// Why attempts in this process were told to stop, by activity ID.
export const stops = new Map();

export async function greet(name) {
  return `hello ${name}`;
}

export async function echo(...values) {
  return values;
}

export async function raw(value) {
  return value;
}

export async function nothing() {}

// Counts to `steps`, from where the last attempt stopped; the first attempt fails at `failAt`.
export async function climb(steps, failAt) {
  const { info, heartbeat } = contextHere();
  const began = info.heartbeatDetails?.step ?? 0;
  for (let step = began + 1; step <= steps; step++) {
    heartbeat({ step });
    if (info.attempt === 1 && step === failAt) {
      throw ApplicationFailure.create({ message: 'slipped', type: 'Slipped', details: [{ step }] });
    }
  }
  return { attempt: info.attempt, began, reached: steps };
}

// The first attempt beats until its process is killed; the next tells what it was left.
export async function outlive() {
  const { info, heartbeat, context } = contextHere();
  if (info.attempt > 1) return { attempt: info.attempt, details: info.heartbeatDetails };
  for (;;) {
    heartbeat({ chapter: 7 });
    await context.sleep(50);
  }
}

// The first attempt beats until it is told to stop; a later one completes at once.
export async function beatUntilStopped(cleanUp) {
  const { info, heartbeat, context } = contextHere();
  if (info.attempt > 1) return `attempt ${info.attempt} after ${info.heartbeatDetails}`;
  try {
    for (;;) {
      heartbeat('beating');
      await context.sleep(50);
    }
  } catch (error) {
    if (!(error instanceof CancelledFailure)) throw error;
    stops.set(info.activityId, context.cancellationDetails);
    if (cleanUp === 'complete anyway') return 'done before the stop';
    throw error;
  }
}

export async function refuse(kind) {
  if (kind === 'plain') throw new RangeError('a plain exception');
  throw ApplicationFailure.create({
    message: 'no such card',
    type: 'CardRefused',
    nonRetryable: kind === 'for good',
    details: [{ card: 7 }, 'blocked'],
    cause: new Error('the bottom of it'),
  });
}

// Fails so many times; returns the attempt that went well.
export async function flaky(failures, nextDelay) {
  const { attempt } = Context.current().info;
  if (attempt > failures) return attempt;
  throw ApplicationFailure.create({ message: `attempt ${attempt}`, type: 'Flaky', nextRetryDelay: nextDelay });
}

export async function sleepFor(ms) {
  await Context.current().sleep(ms);
  return 'slept';
}

// Works on for a moment whatever happens to its worker.
export async function finishLater(ms) {
  const { heartbeat } = contextHere();
  heartbeat('working');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return 'finished in time';
}

// Someone else will complete it.
export async function handedOn() {
  Context.current().heartbeat('handed on');
  throw new CompleteAsyncError();
}

export async function aboutItself() {
  const { info } = Context.current();
  return {
    id: info.activityId,
    runId: info.activityRunId,
    type: info.activityType,
    queue: info.taskQueue,
    namespace: info.namespace,
    attempt: info.attempt,
    inWorkflow: info.inWorkflow,
    startToCloseMs: info.startToCloseTimeoutMs,
    heartbeatMs: info.heartbeatTimeoutMs,
    maximumAttempts: info.retryPolicy.maximumAttempts,
    priorityKey: info.priority.priorityKey,
    inOrder: info.scheduledTimestampMs <= info.currentAttemptScheduledTimestampMs,
  };
}

function contextHere() {
  const context = Context.current();
  return { context, info: context.info, heartbeat: (details) => context.heartbeat(details) };
}
