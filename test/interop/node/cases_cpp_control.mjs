// What a Node client does with an activity that C++ runs.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { beside, withCppWorker } from './cpp_side.mjs';
import { add, failureOf, refusalOf, until, untilDescribed } from './harness.mjs';

const FAILED_PRECONDITION = 9;

function addWithCpp(sentence, run) {
  add(`${sentence}, with a C++ worker`, async (bench) => {
    const here = beside(bench, undefined, bench.id('served-by-cpp'));
    await withCppWorker(here, () => run(here));
  });
}

// An activity whose first attempt runs and has heartbeated. `mark` is the file that ends the next attempt.
async function beating(here) {
  const mark = join(tmpdir(), here.id('mark'));
  // Our worker too holds heartbeats back for up to 80% of the timeout.
  const handle = await here.start('beat', [mark], { heartbeatTimeout: '1s' });
  await untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'a heartbeat');
  return { handle, mark };
}

async function withMark(mark, during) {
  writeFileSync(mark, '');
  try {
    await during();
  } finally {
    rmSync(mark);
  }
}

addWithCpp('a cancel is seen by heartbeat, and the caller gets the canceled error', async (here) => {
  const { handle } = await beating(here);
  await handle.cancel('changed my mind');
  const failure = await failureOf(handle);
  assert.ok(failure instanceof CancelledFailure, String(failure));
  const seen = await handle.describe();
  assert.deepEqual([seen.status, seen.canceledReason], ['CANCELED', 'changed my mind']);
});

addWithCpp('a pause is seen by heartbeat; after the unpause the activity completes', async (here) => {
  const { handle, mark } = await beating(here);
  await withMark(mark, async () => {
    await handle.pause({ reason: 'look into it' });
    const seen = await untilDescribed(handle, (it) => it.runState === 'PAUSED', 'paused');
    assert.equal(seen.status, 'PAUSED');
    await handle.unpause();
    assert.equal(await handle.result(), 'attempt 2 after beating');
  });
});

addWithCpp('a reset begins again at attempt 1 and keeps the heartbeat details', async (here) => {
  const { handle, mark } = await beating(here);
  await withMark(mark, async () => {
    const request = { namespace: 'default', activityId: handle.activityId, identity: 'raw' };
    await here.connection.workflowService.resetActivityExecution(request);
    assert.equal(await handle.result(), 'attempt 1 after beating');
  });
});

addWithCpp('terminate closes the activity at once, and a cancel after that is refused', async (here) => {
  const { handle } = await beating(here);
  await handle.terminate('no more');
  const failure = await failureOf(handle);
  assert.ok(failure instanceof TerminatedFailure, String(failure));
  assert.equal((await handle.describe()).status, 'TERMINATED');
  assert.equal((await refusalOf(handle.cancel(''), ServiceError)).cause.code, FAILED_PRECONDITION);
});

addWithCpp("retries end with success, with the last attempt's failure, or at a listed type", async (here) => {
  assert.equal(await (await here.start('flaky', [2])).result(), 3);
  for (const [retry, message] of [
    [{ initialInterval: '50ms', maximumAttempts: 2 }, 'attempt 2'],
    [{ initialInterval: '50ms', nonRetryableErrorTypes: ['Flaky'] }, 'attempt 1'],
  ]) {
    const failure = await failureOf(await here.start('flaky', [9], { retry }));
    assert.ok(failure instanceof ApplicationFailure, String(failure));
    assert.deepEqual([failure.message, failure.type], [message, 'Flaky']);
  }
});

addWithCpp('each timeout closes the activity with its type', async (here) => {
  const retry = { maximumAttempts: 1 };
  const taskQueue = here.id('nobody-polls');
  const handles = await Promise.all([
    here.start('hold', [], { startToCloseTimeout: '1s', retry }),
    here.start('hold', [], { heartbeatTimeout: '1s', retry }),
    here.start('greet', ['x'], { taskQueue, scheduleToStartTimeout: '1s' }),
    here.start('greet', ['x'], { taskQueue, scheduleToCloseTimeout: '1s' }),
    here.start('hold', [], { scheduleToCloseTimeout: '1s', retry }),
  ]);
  const seen = await Promise.all(handles.map(failureOf));
  for (const failure of seen) assert.ok(failure instanceof TimeoutFailure, String(failure));
  // What nobody takes was not started in time, whichever limit says so.
  const waits = ['SCHEDULE_TO_START', 'SCHEDULE_TO_START'];
  const expected = ['START_TO_CLOSE', 'HEARTBEAT', ...waits, 'SCHEDULE_TO_CLOSE'];
  assert.deepEqual(seen.map((failure) => failure.timeoutType), expected);
});

addWithCpp('activities are listed by query and counted by status, one is described', async (here) => {
  for (const name of ['a', 'b', 'c']) assert.equal(await (await here.start('greet', [name])).result(), `hello ${name}`);
  const { handle } = await beating(here);
  const query = `TaskQueue = "${here.queue}"`;
  const completed = () => here.client.activity.count(`${query} AND ExecutionStatus = "Completed"`);
  await until(async () => (await completed()).count === 3, 'three are counted');
  const listed = new Map();
  for await (const one of here.client.activity.list(query)) listed.set(one.activityId, one.status);
  assert.deepEqual([listed.size, listed.get(handle.activityId)], [4, 'RUNNING']);
  const { count, groups } = await here.client.activity.count(`${query} GROUP BY ExecutionStatus`);
  const statuses = Object.fromEntries(groups.map((group) => [group.groupValues[0], group.count]));
  assert.deepEqual([count, statuses], [4, { Completed: 3, Running: 1 }]);
  const seen = await handle.describe();
  assert.deepEqual([seen.activityType, seen.taskQueue, seen.attempt], ['beat', here.queue, 1]);
  assert.ok(seen.lastWorkerIdentity && seen.totalHeartbeatCount > 0, 'a worker and its heartbeats');
  await handle.terminate('');
});
