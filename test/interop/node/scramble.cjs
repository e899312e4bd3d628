// A codec as cpp/scramble.h has it: the whole payload, each byte turned over, in a new one. The SDK loads the converter
// of failures by its path, with require().
const { DefaultFailureConverter } = require('@temporalio/common');
const { temporal } = require('@temporalio/proto');

const { Payload } = temporal.api.common.v1;
const ENCODING = 'binary/scrambled';

const flipped = (bytes) => Uint8Array.from(bytes, (byte) => byte ^ 0x5a);
const encodingOf = (payload) => new TextDecoder().decode(payload.metadata.encoding);

const scramble = {
  async encode(payloads) {
    const encoding = new TextEncoder().encode(ENCODING);
    return payloads.map((it) => ({ metadata: { encoding }, data: flipped(Payload.encode(it).finish()) }));
  },
  async decode(payloads) {
    return payloads.map((it) => (encodingOf(it) === ENCODING ? Payload.decode(flipped(it.data)) : it));
  },
};

module.exports = {
  ENCODING,
  encodingOf,
  failureConverter: new DefaultFailureConverter({ encodeCommonAttributes: true }), // Hides the texts of failures too.
  SCRAMBLED: { payloadCodecs: [scramble], failureConverterPath: __filename },
};
