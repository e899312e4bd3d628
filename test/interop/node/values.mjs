// The values that travel between Node and C++, as cpp/values.h has them; members stand in the order that the other
// languages write: the alphabet's.
import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';

// `name` is the activity's; `reads` makes a value of what JSON.parse() gives.
function kind(name, value, { sameBytes = true, reads = (it) => it } = {}) {
  return { name, value, sameBytes, reads };
}

export const KINDS = [
  kind('echo_null', undefined), // The SDK's own null is JSON's, which C++ reads too, and answers with this one.
  kind('echo_bool', true),
  kind('echo_safe_int', Number.MIN_SAFE_INTEGER),
  kind('echo_double', -0.1),
  kind('echo_large_double', 1e300),
  kind('echo_text', 'a "b" \\ / \n'),
  kind('echo_unicode', '\u00fc \u{1f40c}'),
  kind('echo_bytes', new Uint8Array([0, 255, 34]), { reads: (it) => new Uint8Array(it) }),
  kind('echo_list', [[1, 2], [], [-3]]),
  kind('echo_map', { '': false, a: null, b: true }),
  kind('echo_numbered', { 1: 'one', 20: 'twenty' }),
  kind('echo_order', { count: 3, item: 'cup', price: 2.5, size: 'small', tags: ['red', 'round'] }),
  kind('echo_size', 'large'),
  kind('echo_time', new Date(1_795_300_302_500), { sameBytes: false, reads: (it) => new Date(it) }), // Of milliseconds.
  kind('echo_duration', 'PT90.5S'), // JavaScript has no durations.
];

// What JavaScript makes of 2^63 - 1, and prints as 9223372036854776000.
export const WIDE = kind('echo_int', 2 ** 63);

// The activities that give back what they get.
export const echoes = Object.fromEntries(
  [...KINDS, WIDE].map(({ name, value, reads }) => [
    name,
    async (it) => {
      const got = reads(it);
      try {
        assert.deepEqual(got, value);
      } catch {
        throw ApplicationFailure.nonRetryable(`got ${JSON.stringify(it)}`);
      }
      return got;
    },
  ])
);
