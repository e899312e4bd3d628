// Cases by name, one line each, and what most of them need: a client, a worker's queue, an ID nobody else uses.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ActivityExecutionFailedError, Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import * as activities from './activities.mjs';

const CASE_SECONDS = 40; // What a case may take, however slow the machine is.
const cases = [];

export function add(sentence, run) {
  cases.push({ sentence, run });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What a case gets.
export class Bench {
  static async open(address) {
    const bench = new Bench();
    bench.address = address;
    bench.connection = await Connection.connect({ address });
    bench.client = new Client({ connection: bench.connection });
    bench.native = await NativeConnection.connect({ address });
    bench.queue = bench.id('node');
    return bench;
  }

  id(name) {
    return `${name}-${randomUUID().slice(0, 8)}`;
  }

  // Starts an activity with options that suit most cases.
  async start(activity, args = [], options = {}) {
    return await this.client.activity.start(activity, {
      id: this.id(activity),
      taskQueue: this.queue,
      args,
      startToCloseTimeout: '30s',
      heartbeatTimeout: '10s',
      retry: { initialInterval: '100ms' },
      ...options,
    });
  }

  // Runs a worker while `during` does; then shuts it down and waits until it has ended.
  async withWorker(taskQueue, during, options = {}) {
    const worker = await Worker.create({
      connection: this.native,
      taskQueue,
      activities,
      // The SDK holds heartbeats back for up to 80% of the timeout; here a case waits for each.
      maxHeartbeatThrottleInterval: '100ms',
      ...options,
    });
    return await worker.runUntil(async () => await during(worker));
  }

  async close() {
    await this.native.close();
    await this.connection.close();
  }
}

// What the caller learns of an activity that must not succeed.
export async function failureOf(handle) {
  const error = await refusalOf(handle.result(), ActivityExecutionFailedError);
  assert.equal(error.activityId, handle.activityId);
  return error.cause;
}

export async function refusalOf(call, kind) {
  let answer;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`it was accepted: ${JSON.stringify(answer)}`);
}

// Asks until the answer is truthy.
export async function until(question, what) {
  for (let i = 0; i < 200; i++) {
    const answer = await question();
    if (answer) return answer;
    await sleep(50);
  }
  throw new Error(`never: ${what}`);
}

export async function untilDescribed(handle, fits, what) {
  return await until(async () => {
    const seen = await handle.describe({ includeHeartbeatDetails: true, includeLastFailure: true });
    return fits(seen) ? seen : undefined;
  }, what);
}

async function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function lineOf(error) {
  const frame = /(cases_\w+\.mjs:\d+)/.exec(error?.stack ?? '');
  return frame ? ` (${frame[1]})` : '';
}

// Runs those whose name contains `only`, one after the other; returns how many passed and failed.
export async function runCases(bench, only) {
  let passed = 0;
  let failed = 0;
  for (const { sentence, run } of cases.filter((one) => one.sentence.includes(only))) {
    const began = Date.now();
    try {
      await within(CASE_SECONDS, run(bench));
      passed++;
      console.log(`ok      node    ${sentence} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      const reason = String(error?.message ?? error).replace(/\s+/g, ' ');
      const cause = error?.cause ? `: ${error.cause.message}` : '';
      console.log(`FAILED  node    ${sentence}${lineOf(error)}: ${error?.name}: ${reason}${cause}`);
    }
  }
  return { passed, failed };
}
