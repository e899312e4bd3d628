// Cancel, terminate, pause, unpause, reset, update of options, IDs in use.
import assert from 'node:assert/strict';
import { ActivityExecutionAlreadyStartedError, ActivityNotFoundError, ServiceError } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import * as activities from './activities.mjs';
import { add, failureOf, refusalOf, until, untilDescribed } from './harness.mjs';

const FAILED_PRECONDITION = 9;

// An activity whose first attempt runs and has heartbeated.
async function beating(bench, cleanUp = '', options = {}) {
  const handle = await bench.start('beatUntilStopped', [cleanUp], options);
  await untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'a heartbeat');
  return handle;
}

// Why the attempt was told to stop.
const stopOf = (handle) => until(() => activities.stops.get(handle.activityId), 'the attempt is told to stop');

async function refusedAsState(call) {
  assert.equal((await refusalOf(call, ServiceError)).cause.code, FAILED_PRECONDITION);
}

add('a cancel is seen by heartbeat, and the caller gets the canceled error', async (bench) => {
  const handle = await beating(bench);
  await handle.cancel('changed my mind');
  const failure = await failureOf(handle);
  assert.ok(failure instanceof CancelledFailure, String(failure));
  const stop = await stopOf(handle);
  assert.deepEqual([stop.cancelRequested, stop.paused], [true, false]);
  const seen = await handle.describe();
  assert.deepEqual([seen.status, seen.canceledReason], ['CANCELED', 'changed my mind']);
});

add('a cancel does not undo a completion, and one before the first attempt ends it at once', async (bench) => {
  let handle = await beating(bench, 'complete anyway');
  await handle.cancel('');
  assert.equal(await handle.result(), 'done before the stop');
  handle = await bench.start('greet', ['x'], { taskQueue: bench.id('nobody-polls') });
  await handle.cancel('not needed');
  assert.ok((await failureOf(handle)) instanceof CancelledFailure);
  await refusedAsState(handle.cancel('again'));
});

add('a pause sent by a raw call is seen by heartbeat; after the unpause the activity completes', async (bench) => {
  const handle = await beating(bench);
  const ids = { namespace: 'default', activityId: handle.activityId, runId: handle.runId, identity: 'raw' };
  const service = bench.connection.workflowService;
  await service.pauseActivityExecution({ ...ids, reason: 'look into it' });
  const stop = await stopOf(handle);
  assert.deepEqual([stop.paused, stop.cancelRequested], [true, false]);
  const seen = await untilDescribed(handle, (it) => it.runState === 'PAUSED', 'paused');
  assert.deepEqual([seen.status, seen.attempt], ['PAUSED', 2]);
  await service.unpauseActivityExecution(ids);
  assert.equal(await handle.result(), 'attempt 2 after beating');
});

add("pause and unpause by the SDK's own handle, also before the first attempt", async (bench) => {
  const handle = await bench.start('greet', ['x'], { startDelay: '1s' });
  await handle.pause({ reason: 'not yet' });
  const seen = await handle.describe();
  assert.deepEqual([seen.status, seen.runState], ['PAUSED', 'PAUSED']);
  await handle.unpause({ reason: 'now', jitter: '10ms' });
  assert.equal(await handle.result(), 'hello x');
  await refusedAsState(handle.pause());
});

add('a reset sent by a raw call stops the attempt and begins again at attempt 1', async (bench) => {
  const handle = await beating(bench);
  const request = { namespace: 'default', activityId: handle.activityId, identity: 'raw' };
  await bench.connection.workflowService.resetActivityExecution(request);
  assert.equal((await stopOf(handle)).reset, true);
  const seen = await untilDescribed(handle, (it) => it.attempt === 1 && it.hasLastFailure, 'attempt 1 again');
  assert.equal(seen.status, 'RUNNING');
  await handle.terminate('');
});

add('options are updated and restored while the activity runs', async (bench) => {
  const handle = await beating(bench);
  let after = await handle.updateOptions({ heartbeatTimeout: '25s', retry: { maximumAttempts: 5 } });
  assert.deepEqual([after.heartbeatTimeout, after.retry.maximumAttempts], [25_000, 5]);
  after = await handle.restoreOriginalOptions();
  assert.deepEqual([after.heartbeatTimeout, after.retry.initialInterval], [10_000, 100]);
  assert.equal(after.retry.maximumAttempts, 0); // Unlimited again.
  await handle.terminate('');
});

add('an activity moved to another queue runs there', async (bench) => {
  const handle = await bench.start('greet', ['mover'], { taskQueue: bench.id('nobody-polls') });
  assert.equal((await handle.updateOptions({ taskQueue: bench.queue })).taskQueue, bench.queue);
  assert.equal(await handle.result(), 'hello mover');
});

add('a terminated activity ends at once, and its attempt learns it is gone', async (bench) => {
  const handle = await beating(bench);
  await handle.terminate('out of budget');
  const failure = await failureOf(handle);
  assert.ok(failure instanceof TerminatedFailure, String(failure));
  assert.equal(failure.message, 'out of budget');
  assert.equal((await stopOf(handle)).notFound, true);
  assert.equal((await handle.describe()).status, 'TERMINATED');
});

add('an ID in use is refused with the run ID that has it, or shared by USE_EXISTING', async (bench) => {
  const handle = await beating(bench);
  const options = { id: handle.activityId };
  const error = await refusalOf(bench.start('beatUntilStopped', [''], options), ActivityExecutionAlreadyStartedError);
  assert.deepEqual([error.activityId, error.runId], [handle.activityId, handle.runId]);
  const same = await bench.start('beatUntilStopped', [''], { ...options, idConflictPolicy: 'USE_EXISTING' });
  assert.equal(same.runId, handle.runId);
  await handle.terminate('');
});

add('the ID of a closed activity is used again only as the reuse policy allows', async (bench) => {
  const first = await bench.start('greet', ['one']);
  const id = first.activityId;
  await first.result();
  for (const idReusePolicy of ['REJECT_DUPLICATE', 'ALLOW_DUPLICATE_FAILED_ONLY']) {
    const again = bench.start('greet', ['two'], { id, idReusePolicy });
    assert.equal((await refusalOf(again, ActivityExecutionAlreadyStartedError)).runId, first.runId);
  }
  const second = await bench.start('greet', ['two'], { id });
  assert.notEqual(second.runId, first.runId);
  assert.equal(await second.result(), 'hello two');
  assert.equal(await bench.client.activity.getHandle(id, first.runId).result(), 'hello one');
});

add('a deleted activity is gone', async (bench) => {
  const handle = await bench.start('greet', ['x']);
  await handle.result();
  const request = { namespace: 'default', activityId: handle.activityId, runId: handle.runId };
  await bench.connection.workflowService.deleteActivityExecution(request);
  const gone = () => handle.describe().then(() => false, (error) => error instanceof ActivityNotFoundError);
  await until(gone, 'describe says NOT_FOUND');
});
