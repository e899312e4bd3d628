// The activities that cpp/main.cc calls, and has too.
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { echoes } from './values.mjs';

async function nothing() {}

// The first attempt leaves details and fails once the file `go` is there; the next tells what it found. This SDK's
// heartbeats have one value, and of several it reads the first.
async function resume(go) {
  const context = Context.current();
  const { attempt, heartbeatDetails } = context.info;
  if (attempt > 1) return { language: 'Node', attempt, progress: heartbeatDetails, note: '' };
  context.heartbeat({ step: 3, place: 'too early' });
  context.heartbeat({ step: 4, place: 'Köln' });
  while (!existsSync(go)) await context.sleep(50);
  throw ApplicationFailure.create({ message: 'slipped' });
}

// Leaves its token in the file `path`, for whoever completes it.
async function hand_on(path) {
  writeFileSync(`${path}.new`, Context.current().info.taskToken);
  renameSync(`${path}.new`, path);
  throw new CompleteAsyncError();
}

async function refuse_card() {
  const cause = new Error('line is dead');
  const bank = ApplicationFailure.create({ message: 'the bank said no', type: 'BankError', details: [7], cause });
  throw ApplicationFailure.create({
    message: 'no such card',
    type: 'CardRefused',
    nonRetryable: true,
    details: [{ card: 7 }, 'blocked'],
    cause: bank,
  });
}

async function greet(name) {
  return `hello ${name}`;
}

// Fails `failures` attempts; the next one gives back its number.
async function flaky(failures) {
  const { attempt } = Context.current().info;
  if (attempt <= failures) throw ApplicationFailure.create({ message: `attempt ${attempt}`, type: 'Flaky' });
  return attempt;
}

// Heartbeats until it is told to stop; once the file `mark` is there, an attempt tells what it found.
async function beat(mark) {
  const context = Context.current();
  const { attempt, heartbeatDetails } = context.info;
  if (existsSync(mark)) return `attempt ${attempt} after ${heartbeatDetails ?? 'nothing'}`;
  for (;;) {
    context.heartbeat('beating');
    await context.sleep(50);
  }
}

// Says nothing, and stays until it is told to stop.
async function hold() {
  await Context.current().cancelled;
}

export const cppActivities = { nothing, resume, hand_on, refuse_card, greet, flaky, beat, hold, ...echoes };
