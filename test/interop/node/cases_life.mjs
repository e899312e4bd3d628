// Start, run, result, retries, heartbeats and resume, timeouts, completion from elsewhere, workers that end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ActivityCancelledError, Client, Connection } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import * as activities from './activities.mjs';
import { add, failureOf, refusalOf, untilDescribed } from './harness.mjs';

add('an activity is started, runs and has a result', async (bench) => {
  assert.equal(await (await bench.start('greet', ['ada'])).result(), 'hello ada');
  const options = { id: bench.id('x'), taskQueue: bench.queue, args: ['grace'], scheduleToCloseTimeout: '30s' };
  assert.equal(await bench.client.activity.execute('greet', options), 'hello grace');
});

add('values of every kind come back as they went', async (bench) => {
  const values = [null, true, 3, -1.5, 'ü \u{1f40c}', [1, [2]], { a: { b: null } }, '', 'x'.repeat(200_000)];
  assert.deepEqual(await (await bench.start('echo', values)).result(), values);
  const bytes = new Uint8Array(2000).map((_, i) => i % 256);
  assert.deepEqual(new Uint8Array(await (await bench.start('raw', [bytes])).result()), bytes);
  assert.equal(await (await bench.start('nothing')).result(), undefined);
});

add('an attempt is told what it needs to know of itself', async (bench) => {
  const handle = await bench.start('aboutItself', [], { retry: { maximumAttempts: 3 }, priority: { priorityKey: 2 } });
  assert.deepEqual(await handle.result(), {
    id: handle.activityId,
    runId: handle.runId,
    type: 'aboutItself',
    queue: bench.queue,
    namespace: 'default',
    attempt: 1,
    inWorkflow: false,
    startToCloseMs: 30_000,
    heartbeatMs: 10_000,
    maximumAttempts: 3,
    priorityKey: 2,
    inOrder: true,
  });
});

add("a second client's handle awaits the same result", async (bench) => {
  const handle = await bench.start('sleepFor', [500]);
  const connection = await Connection.connect({ address: bench.address });
  const other = new Client({ connection });
  const later = other.activity.getHandle(handle.activityId);
  const thisRun = other.activity.getHandle(handle.activityId, handle.runId);
  const results = await Promise.all([handle.result(), later.result(), thisRun.result()]);
  assert.deepEqual(results, ['slept', 'slept', 'slept']);
  assert.equal(await other.activity.getHandle(handle.activityId).result(), 'slept'); // Also long after it closed.
  await connection.close();
});

add('a failed attempt is retried and resumes from its heartbeat details', async (bench) => {
  const handle = await bench.start('climb', [9, 4]);
  assert.deepEqual(await handle.result(), { attempt: 2, began: 4, reached: 9 });
});

add("a killed worker's activity resumes elsewhere from its heartbeat details", async (bench) => {
  const taskQueue = bench.id('killed');
  const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));
  const child = spawn(process.execPath, [worker, bench.address, taskQueue], { stdio: 'inherit' });
  let handle;
  try {
    handle = await bench.start('outlive', [], { taskQueue, heartbeatTimeout: '2s' });
    const seen = await untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'a heartbeat of the first worker');
    assert.deepEqual(await seen.getHeartbeatDetails(), { chapter: 7 });
    assert.equal(seen.lastWorkerIdentity, 'doomed');
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await bench.withWorker(taskQueue, async () => {
    assert.deepEqual(await handle.result(), { attempt: 2, details: { chapter: 7 } });
  });
});

add('a failure reaches the caller with type, details and cause', async (bench) => {
  const handle = await bench.start('refuse', ['for good']);
  const failure = await failureOf(handle);
  assert.ok(failure instanceof ApplicationFailure, String(failure));
  assert.deepEqual([failure.message, failure.type, failure.nonRetryable], ['no such card', 'CardRefused', true]);
  assert.deepEqual(failure.details, [{ card: 7 }, 'blocked']);
  assert.equal(failure.cause.message, 'the bottom of it');
  const seen = await handle.describe({ includeOutcome: true });
  assert.deepEqual([seen.status, seen.attempt], ['FAILED', 1]);
  assert.equal((await seen.getOutcomeFailure()).message, 'no such card');
});

add("retries end with success, with the last attempt's failure, or at a listed type", async (bench) => {
  assert.equal(await (await bench.start('flaky', [2])).result(), 3);
  let handle = await bench.start('flaky', [9], { retry: { initialInterval: '50ms', maximumAttempts: 2 } });
  assert.equal((await failureOf(handle)).message, 'attempt 2');
  assert.equal((await handle.describe()).attempt, 2);
  const retry = { initialInterval: '50ms', nonRetryableErrorTypes: ['RangeError'] };
  handle = await bench.start('refuse', ['plain'], { retry });
  const failure = await failureOf(handle);
  assert.deepEqual([failure.type, failure.message], ['RangeError', 'a plain exception']);
  assert.equal((await handle.describe()).attempt, 1);
});

add("an activity's own retry delay overrides the policy", async (bench) => {
  const handle = await bench.start('flaky', [1, '50ms'], { retry: { initialInterval: '1h' } });
  assert.equal(await handle.result(), 2);
});

add('each timeout closes the activity with its type', async (bench) => {
  const once = { maximumAttempts: 1 };
  const taskQueue = bench.id('nobody-polls');
  const handles = await Promise.all([
    bench.start('sleepFor', [20_000], { startToCloseTimeout: '1s', retry: once }),
    bench.start('sleepFor', [20_000], { heartbeatTimeout: '1s', retry: once }),
    bench.start('greet', ['x'], { taskQueue, scheduleToStartTimeout: '1s' }),
    bench.start('greet', ['x'], { taskQueue, scheduleToCloseTimeout: '1s' }),
    bench.start('sleepFor', [20_000], { scheduleToCloseTimeout: '1s', retry: once }),
  ]);
  const seen = await Promise.all(handles.map(failureOf));
  for (const failure of seen) assert.ok(failure instanceof TimeoutFailure, String(failure));
  // What nobody takes was not started in time, whichever limit says so.
  const waits = ['SCHEDULE_TO_START', 'SCHEDULE_TO_START'];
  const expected = ['START_TO_CLOSE', 'HEARTBEAT', ...waits, 'SCHEDULE_TO_CLOSE'];
  assert.deepEqual(seen.map((failure) => failure.timeoutType), expected);
  assert.equal((await handles[3].describe()).status, 'TIMED_OUT');
});

add('a start delay holds back the first attempt', async (bench) => {
  const handle = await bench.start('greet', ['late'], { startDelay: '1s' });
  await handle.result();
  const seen = await handle.describe();
  assert.ok(seen.lastStartedTime - seen.scheduleTime >= 1000, `${seen.lastStartedTime - seen.scheduleTime} ms`);
});

add('an activity is completed, failed and canceled by ID from elsewhere', async (bench) => {
  const remote = bench.client.activity;
  const handedOn = async () => {
    const handle = await bench.start('handedOn', [], { retry: { maximumAttempts: 1 } });
    await untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'handed on');
    return [handle, { activityId: handle.activityId, runId: handle.runId }];
  };
  let [handle, id] = await handedOn();
  await remote.heartbeat(id, 'nearly');
  assert.equal(await (await handle.describe({ includeHeartbeatDetails: true })).getHeartbeatDetails(), 'nearly');
  await remote.complete(id, { by: 'someone else' });
  assert.deepEqual(await handle.result(), { by: 'someone else' });

  [handle, id] = await handedOn();
  await remote.fail(id, ApplicationFailure.create({ message: 'not today', type: 'Remote' }));
  assert.equal((await failureOf(handle)).type, 'Remote');

  [handle, id] = await handedOn();
  await handle.cancel('enough');
  await refusalOf(remote.heartbeat(id), ActivityCancelledError);
  await remote.reportCancellation(id, 'swept');
  const failure = await failureOf(handle);
  assert.ok(failure instanceof CancelledFailure, String(failure));
  assert.deepEqual(failure.details, ['swept']);
});

add('a worker that shuts down lets running attempts finish', async (bench) => {
  const taskQueue = bench.id('closing');
  let handle = await bench.start('finishLater', [700], { taskQueue });
  const running = untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'running');
  await bench.withWorker(taskQueue, () => running, { shutdownGraceTime: '20s' });
  assert.equal(await handle.result(), 'finished in time');
  // What is started now waits for the next worker, untouched by the open polls of the one that went.
  handle = await bench.start('greet', ['next'], { taskQueue });
  await bench.withWorker(taskQueue, async () => assert.equal(await handle.result(), 'hello next'));
  assert.equal((await handle.describe()).attempt, 1);
});

add('a worker that does not wait cancels its attempts, and another resumes them', async (bench) => {
  const taskQueue = bench.id('leaving');
  const handle = await bench.start('beatUntilStopped', [''], { taskQueue });
  await bench.withWorker(taskQueue, () => untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'running'));
  assert.equal(activities.stops.get(handle.activityId)?.workerShutdown, true);
  await bench.withWorker(taskQueue, async () => assert.equal(await handle.result(), 'attempt 2 after beating'));
});
