// Our own SDK's program beside this one: as a worker, and as a caller of what Node serves.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '@temporalio/client';
import { cppActivities } from './cpp_activities.mjs';
import { Bench, until } from './harness.mjs';
import scramble from './scramble.cjs';

export const PROGRAM = process.env.LONGBEAT_INTEROP_CPP;

// The same bench with a converter, for activities of another queue.
export function beside(bench, dataConverter, queue) {
  const client = new Client({ connection: bench.connection, dataConverter });
  return Object.assign(new Bench(), bench, { client, queue, dataConverter });
}

function programArguments({ address, queue, dataConverter }, role) {
  return [role, address, queue, ...(dataConverter === scramble.SCRAMBLED ? ['scrambled'] : [])];
}

// Our SDK serves the queue while `during` runs; then it must end in good order.
export async function withCppWorker(here, during) {
  const child = spawn(PROGRAM, programArguments(here, 'worker'), { stdio: 'inherit' });
  const ended = once(child, 'exit');
  try {
    await during();
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
}

export async function withNodeWorker(here, during) {
  await here.withWorker(here.queue, during, { activities: cppActivities, dataConverter: here.dataConverter });
}

// Starts `resume`, whose first attempt is in a process that is killed once its newest details are there.
export async function startAndKill(here, program, ...args) {
  const child = spawn(program, args, { stdio: 'inherit' });
  const ended = once(child, 'exit');
  try {
    const handle = await here.start('resume', ['/nonexistent'], { heartbeatTimeout: '2s' });
    await until(async () => {
      const seen = await handle.describe({ includeHeartbeatDetails: true });
      return seen.hasHeartbeatDetails && (await seen.getHeartbeatDetails()).step === 4;
    }, 'the newest details');
    return handle;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

// It says nothing when all was as expected.
export async function runCpp(here, role) {
  const said = await new Promise((resolve) => {
    execFile(PROGRAM, programArguments(here, role), (error, out, err) => resolve(`${error ?? ''}${out}${err}`));
  });
  assert.equal(said, '');
}
