// Node and C++ together: values, codecs, heartbeat details and failures from one to the other.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { PROGRAM, beside, runCpp, startAndKill, withCppWorker, withNodeWorker } from './cpp_side.mjs';
import { add, failureOf, until, untilDescribed } from './harness.mjs';
import scramble from './scramble.cjs';
import { KINDS, WIDE } from './values.mjs';

const { ENCODING, SCRAMBLED, encodingOf } = scramble;
const PLAIN = undefined;

// C++ calls what Node serves.
const cppCalls = (role) => async (bench, converter) => {
  const here = beside(bench, converter, bench.id(role));
  await withNodeWorker(here, () => runCpp(here, role));
};

// The result as it stands on the wire.
async function rawResult(bench, { activityId, runId }) {
  const request = { namespace: 'default', activityId, runId };
  const { outcome } = await bench.connection.workflowService.pollActivityExecution(request);
  return outcome.result.payloads[0];
}

const textOf = ({ metadata, data }) => `${encodingOf({ metadata })} ${Buffer.from(data ?? []).toString('latin1')}`;

async function nodeCalls(bench, converter) {
  const here = beside(bench, converter, bench.id('values'));
  await withCppWorker(here, async () => {
    for (const { name, value, sameBytes, reads } of KINDS) {
      const handle = await here.start(name, [value]);
      assert.deepEqual(reads(await handle.result()), value, name);
      const seen = await rawResult(bench, handle);
      if (converter === SCRAMBLED) assert.equal(encodingOf(seen), ENCODING);
      const [raw] = converter === SCRAMBLED ? await SCRAMBLED.payloadCodecs[0].decode([seen]) : [seen];
      if (sameBytes) assert.equal(textOf(raw), textOf(defaultPayloadConverter.toPayload(value)), name);
    }
    assert.equal(await (await here.start('echo_null', [null])).result(), undefined);
    assert.equal(await (await here.start('nothing')).result(), undefined);
  });
}

// The first attempt runs in one language; then the activity moves to the queue of the other.
const handOver = (nodeFirst) => async (bench, converter) => {
  const node = beside(bench, converter, bench.id('node'));
  const cpp = beside(bench, converter, bench.id('cpp'));
  const [first, second] = nodeFirst ? [node, cpp] : [cpp, node];
  const folder = mkdtempSync(join(tmpdir(), 'longbeat-interop-'));
  const go = join(folder, 'go');
  const resumed = async () => {
    const handle = await first.start('resume', [go]);
    await untilDescribed(handle, (it) => it.hasHeartbeatDetails, 'a heartbeat of the first attempt');
    await handle.updateOptions({ taskQueue: second.queue });
    writeFileSync(go, '');
    return await handle.result();
  };
  try {
    await withCppWorker(cpp, () =>
      withNodeWorker(node, async () => {
        const language = nodeFirst ? 'C++' : 'Node';
        assert.deepEqual(await resumed(), { language, attempt: 2, progress: { step: 4, place: 'Köln' }, note: '' });
      })
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
};

// The activity runs in one language and is completed by the other, with its token.
const completeFrom = (language) => async (bench, converter) => {
  const here = beside(bench, converter, bench.id('handed-on'));
  const folder = mkdtempSync(join(tmpdir(), 'longbeat-interop-'));
  const ticket = join(folder, 'ticket');
  const withWorker = language === 'Node' ? withCppWorker : withNodeWorker;
  try {
    await withWorker(here, async () => {
      const handle = await here.start('hand_on', [ticket]);
      await until(() => existsSync(ticket), 'a token');
      if (language === 'Node') {
        const token = readFileSync(ticket);
        await here.client.activity.heartbeat(token, { step: 5, place: 'from Node' });
        await here.client.activity.complete(token, 'completed by Node');
      } else {
        await runCpp({ ...here, queue: ticket }, 'complete');
      }
      assert.equal(await handle.result(), `completed by ${language}`);
      const seen = await handle.describe({ includeHeartbeatDetails: true });
      assert.deepEqual(await seen.getHeartbeatDetails(), { step: 5, place: `from ${language}` });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

async function nodeSeesFailure(bench, converter) {
  const here = beside(bench, converter, bench.id('refused'));
  let handle;
  let card;
  await withCppWorker(here, async () => {
    handle = await here.start('refuse_card');
    card = await failureOf(handle);
  });
  const bank = card.cause;
  const root = bank.cause;
  for (const one of [card, bank, root]) assert.ok(one instanceof ApplicationFailure, String(one));
  assert.deepEqual([card.message, card.type, card.nonRetryable], ['no such card', 'CardRefused', true]);
  assert.deepEqual(card.details, [{ card: 7 }, 'blocked']);
  assert.deepEqual([bank.message, bank.type, bank.details], ['the bank said no', 'BankError', [7]]);
  assert.deepEqual([root.message, root.type, root.cause], ['line is dead', 'std::runtime_error', undefined]);
  if (converter === SCRAMBLED) {
    const { lastFailure: raw } = (await handle.describe({ includeLastFailure: true })).rawInfo;
    const texts = [raw.message, raw.cause.message, raw.cause.cause.message];
    assert.deepEqual(texts, Array(3).fill('Encoded failure'));
    assert.equal(encodingOf(raw.applicationFailureInfo.details.payloads[0]), ENCODING);
  }
}

// A case, and once more with a codec that both have.
function plainAndScrambled(sentence, run) {
  add(sentence, (bench) => run(bench, PLAIN));
  add(`${sentence}, through a codec`, (bench) => run(bench, SCRAMBLED));
}

plainAndScrambled('values of every kind go from Node to C++ and back', nodeCalls);
plainAndScrambled('values of every kind go from C++ to Node and back', cppCalls('values-of-js'));
plainAndScrambled('a C++ attempt resumes from what a Node attempt left', handOver(true));
plainAndScrambled('a Node attempt resumes from what a C++ attempt left', handOver(false));
plainAndScrambled('what a Node activity left open is completed by C++', completeFrom('C++'));
plainAndScrambled('what a C++ activity left open is completed by Node', completeFrom('Node'));
plainAndScrambled('a C++ failure reaches Node with its causes', nodeSeesFailure);
plainAndScrambled('a Node failure reaches C++ with its causes', cppCalls('failure'));

add("a killed C++ worker's activity resumes in Node from its heartbeat details", async (bench) => {
  const here = beside(bench, PLAIN, bench.id('killed'));
  const handle = await startAndKill(here, PROGRAM, 'worker', here.address, here.queue);
  await withNodeWorker(here, async () => {
    const progress = { step: 4, place: 'Köln' };
    assert.deepEqual(await handle.result(), { language: 'Node', attempt: 2, progress, note: '' });
  });
});

add("a killed Node worker's activity resumes in C++ from its heartbeat details", async (bench) => {
  const here = beside(bench, PLAIN, bench.id('killed'));
  const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));
  const handle = await startAndKill(here, process.execPath, worker, here.address, here.queue);
  await withCppWorker(here, async () => {
    const progress = { step: 4, place: 'Köln' };
    assert.deepEqual(await handle.result(), { language: 'C++', attempt: 2, progress, note: '' });
  });
});

add('a whole number that JavaScript rounded beyond 64 bits is refused by C++', async (bench) => {
  const here = beside(bench, PLAIN, bench.id('rounded'));
  await withCppWorker(here, async () => {
    const failure = await failureOf(await here.start(WIDE.name, [WIDE.value], { retry: { maximumAttempts: 1 } }));
    assert.match(failure.message, /9223372036854776000/);
  });
});

add('C++ retries, cancels, pauses, resets, terminates, times out and lists what a Node worker runs', (bench) =>
  cppCalls('control')(bench, PLAIN)
);
