// Describe, list, count, search attributes, task queues, workers, and questions about what does not exist.
import assert from 'node:assert/strict';
import { ActivityNotFoundError, Client, ServiceError } from '@temporalio/client';
import { defineSearchAttributeKey, NamespaceNotFoundError } from '@temporalio/common';
import { add, failureOf, refusalOf, until, untilDescribed } from './harness.mjs';

const INVALID_ARGUMENT = 3;

async function listed(bench, query) {
  const found = [];
  for await (const one of bench.client.activity.list(query)) found.push(one);
  return found;
}

add('a running activity is described with state, input, heartbeat details and options', async (bench) => {
  const retry = { initialInterval: '2s', backoffCoefficient: 3, maximumAttempts: 4 };
  const handle = await bench.start('beatUntilStopped', ['x'], { retry, summary: 'a *summary*' });
  await untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'a heartbeat');
  const seen = await handle.describe({ includeInput: true, includeHeartbeatDetails: true });
  assert.deepEqual([seen.activityId, seen.activityRunId], [handle.activityId, handle.runId]);
  assert.deepEqual([seen.status, seen.runState, seen.attempt], ['RUNNING', 'STARTED', 1]);
  assert.deepEqual([seen.activityType, seen.taskQueue], ['beatUntilStopped', bench.queue]);
  assert.deepEqual([await seen.getInput(), await seen.getHeartbeatDetails()], [['x'], 'beating']);
  assert.deepEqual([seen.startToCloseTimeoutMs, seen.heartbeatTimeoutMs], [30_000, 10_000]);
  assert.deepEqual([seen.retryPolicy.backoffCoefficient, seen.retryPolicy.maximumAttempts], [3, 4]);
  assert.equal(seen.lastWorkerIdentity, 'the shared worker');
  assert.ok(seen.totalHeartbeatCount >= 1 && seen.lastHeartbeatTime >= seen.lastStartedTime);
  assert.match(Buffer.from(seen.rawInfo.userMetadata.summary.data).toString(), /a \*summary\*/);
  assert.deepEqual([seen.closeTime, seen.hasResult, seen.hasLastFailure], [undefined, false, false]);
  await handle.terminate('');
});

add('a retrying and a closed activity are described with failure, next attempt and outcome', async (bench) => {
  const handle = await bench.start('flaky', [1], { retry: { initialInterval: '2s' } });
  let seen = await untilDescribed(handle, (it) => it.hasLastFailure, 'the first failure');
  assert.deepEqual([seen.attempt, seen.runState, seen.currentRetryIntervalMs], [2, 'SCHEDULED', 2000]);
  assert.equal((await seen.getLastFailure()).message, 'attempt 1');
  assert.ok(seen.nextAttemptScheduleTime > seen.lastAttemptCompleteTime);
  assert.equal(await handle.result(), 2);
  seen = await handle.describe({ includeOutcome: true });
  assert.deepEqual([seen.status, seen.runState, await seen.getResult()], ['COMPLETED', undefined, 2]);
  assert.ok(seen.closeTime && seen.executionDurationMs > 2000, `${seen.executionDurationMs} ms`);
});

add('activities are listed by query, and counted by status', async (bench) => {
  const taskQueue = bench.id('listed');
  const start = (name, activity, args, options) =>
    bench.start(activity, args, { id: `${taskQueue}-${name}`, taskQueue, ...options });
  const handles = await Promise.all([0, 1, 2, 3, 4].map((n) => start(n, 'greet', [n])));
  const openOne = await start('open', 'greet', ['open'], { startDelay: '1h' });
  const broken = await start('broken', 'refuse', ['for good']);
  await bench.withWorker(taskQueue, async () => {
    await Promise.all(handles.map((handle) => handle.result()));
    await failureOf(broken);
  });
  const query = `TaskQueue = "${taskQueue}"`;
  const completed = () => bench.client.activity.count(`${query} AND ExecutionStatus = "Completed"`);
  await until(async () => (await completed()).count === 5, 'five are counted');
  const all = await listed(bench, query);
  const expected = [...handles, openOne, broken].map((handle) => handle.activityId);
  assert.deepEqual(all.map((one) => one.activityId).sort(), expected.sort());
  assert.deepEqual([all[0].activityId, all[0].status], [openOne.activityId, 'RUNNING']);
  assert.ok(all.slice(1).every((one) => one.closeTime && one.executionDurationMs !== undefined));
  const [found] = await listed(bench, `${query} AND ActivityId = '${handles[3].activityId}'`);
  assert.equal(found.activityRunId, handles[3].runId);
  const { count, groups } = await bench.client.activity.count(`${query} GROUP BY ExecutionStatus`);
  const counts = Object.fromEntries(groups.map((group) => [group.groupValues.flat()[0], group.count]));
  assert.deepEqual([count, counts], [7, { Completed: 5, Running: 1, Failed: 1 }]);
  await openOne.terminate('');
});

add('a bad query is refused with a reason', async (bench) => {
  for (const query of ['TaskQueue =', 'NoSuchField = 1', "ExecutionStatus ~ 'x'"]) {
    const error = await refusalOf(bench.client.activity.count(query), ServiceError);
    assert.equal(error.cause.code, INVALID_ARGUMENT);
  }
});

add('custom search attributes are registered, set, described and found', async (bench) => {
  const customer = defineSearchAttributeKey('NodeCustomer', 'KEYWORD');
  const score = defineSearchAttributeKey('NodeScore', 'INT');
  const { operatorService } = bench.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
  const types = { NodeCustomer: 2, NodeScore: 3 }; // INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_INT
  const missing = Object.entries(types).filter(([name]) => !(name in customAttributes));
  if (missing.length > 0) {
    const searchAttributes = Object.fromEntries(missing);
    await operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  }
  const who = bench.id('customer');
  const typedSearchAttributes = [
    { key: customer, value: who },
    { key: score, value: 42 },
  ];
  // A real cluster takes a moment to know them.
  const started = () => bench.start('greet', ['x'], { typedSearchAttributes }).catch(refusedAsUnknown);
  const handle = await until(started, 'the attributes are known');
  await handle.result();
  assert.equal((await handle.describe()).typedSearchAttributes.get(score), 42);
  const query = `NodeCustomer = '${who}' AND NodeScore > 41`;
  const [found] = await until(async () => {
    const some = await listed(bench, query);
    return some.length > 0 ? some : undefined;
  }, 'listed by its attributes');
  assert.deepEqual([found.activityId, found.typedSearchAttributes.get(customer)], [handle.activityId, who]);
});

function refusedAsUnknown(error) {
  if (error.cause?.code !== INVALID_ARGUMENT) throw error;
}

add('a task queue tells who polls it', async (bench) => {
  const taskQueueType = 2; // TASK_QUEUE_TYPE_ACTIVITY
  const request = { namespace: 'default', taskQueue: { name: bench.queue }, taskQueueType };
  const { pollers } = await bench.connection.workflowService.describeTaskQueue(request);
  assert.deepEqual([...new Set(pollers.map((poller) => poller.identity))], ['the shared worker']);
});

add('a worker is listed and described from its own heartbeats, also when it has shut down', async (bench) => {
  const taskQueue = bench.id('seen');
  const service = bench.connection.workflowService;
  const workers = async () => {
    const found = await service.listWorkers({ namespace: 'default', query: `TaskQueue = "${taskQueue}"` });
    return found.workers.length > 0 ? found.workers : undefined;
  };
  await bench.withWorker(taskQueue, async () => {
    const [worker] = await until(workers, 'listed');
    assert.deepEqual([worker.taskQueue, worker.sdkName, worker.status], [taskQueue, 'temporal-typescript', 1]);
    const request = { namespace: 'default', workerInstanceKey: worker.workerInstanceKey };
    const { workerInfo } = await service.describeWorker(request);
    assert.ok(workerInfo.workerHeartbeat.activityTaskSlotsInfo.currentAvailableSlots > 0);
  });
  assert.deepEqual((await workers()).map((worker) => worker.status), [2]); // This SDK's last word is SHUTTING_DOWN.
});

add('what does not exist is answered NOT_FOUND', async (bench) => {
  const handle = bench.client.activity.getHandle('never-started');
  for (const call of [handle.describe(), handle.cancel(''), handle.terminate(''), handle.result()]) {
    await refusalOf(call, ActivityNotFoundError);
  }
  const elsewhere = new Client({ connection: bench.connection, namespace: 'no-such-namespace' });
  await refusalOf(elsewhere.activity.getHandle('x').describe(), NamespaceNotFoundError);
});
