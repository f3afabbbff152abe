/** Payloads: whole, of their sender, for their group; bounded where nobody takes them. */
import { demand } from '../contract-watch.js';
import { demandBytes, type TransportTrial } from './transport-trial.js';
import type { TransportCase, TransportUnderTest } from './transport-under-test.js';
import { casesOf } from './trial-cases.js';

const groupIdMax = 2 ** 32 - 1;
const kibibyte = 1024;

/** Cases about payloads. */
export function payloadCases(underTest: TransportUnderTest): readonly TransportCase[] {
  return casesOf(underTest, {
    'carries payloads whole, from their sender and for their group, both ways and on both lanes': async (
      trial,
    ) => {
      const [a, b] = await trial.startPair();
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        for (const group of [0, 1, 127, 128, groupIdMax]) {
          for (const lane of ['protocol', 'snapshot'] as const) {
            const payload = pattern(group % 1000);
            const heard = await trial.deliver(from, to, group, payload, lane);
            demandBytes(
              heard.bytes,
              payload,
              `the payload of ${payload.length} bytes arrives as it was sent`,
            );
          }
        }
      }
    },

    'carries a payload of no byte, and one of 64 KiB': async (trial) => {
      const [a, b] = await trial.startPair();
      for (const [group, bytes] of [0, 64 * kibibyte].entries()) {
        const payload = pattern(bytes);
        demandBytes(
          (await trial.deliver(a, b, group, payload)).bytes,
          payload,
          `${bytes} bytes arrive as sent`,
        );
      }
    },

    'has copied a payload when send returns, be it a part of a larger array': async (trial) => {
      const [a, b] = await trial.startPair();
      const whole = pattern(300);
      const part = whole.subarray(100, 200);
      const expected = new Uint8Array(part);
      a.send('b', 0, part);
      whole.fill(0xee);
      await trial.until(() => b.payloads.length > 0 || !a.transport.connected().includes('b'), 'it arrives');
      const [heard] = b.payloads;
      if (heard !== undefined) demandBytes(heard.bytes, expected, 'later changes of the array do not arrive');
    },

    'makes up nothing: of a thousand payloads, what arrives was sent': async (trial) => {
      const [a, b] = await trial.startPair();
      for (let sent = 0; sent < 1000; sent++) a.send('b', sent, pattern(sent % 257));
      await trial.deliver(a, b, 5000, pattern(1));
      await trial.quiet();
      for (const { group, bytes } of b.payloads) {
        demand(group < 1000 || group === 5000, `group ${group} was sent to`);
        demandBytes(
          bytes,
          pattern(group === 5000 ? 1 : group % 257),
          `the payload for group ${group} is its own`,
        );
      }
    },

    'drops what is for nobody, for itself, and for whom it does not know': async (trial) => {
      const a = await trial.start('a');
      for (const to of ['a', 'b', 'nobody'])
        demand(!a.send(to, 0, Uint8Array.of(1)), `what is for ${to} is dropped`);
      await trial.quiet();
      demand(a.payloads.length === 0, 'nothing comes back');
    },

    'takes no more than its bound, drops the rest, and still carries what is more urgent': hasBounds,

    'lets a handler send and close from within its callbacks': bearsCallbacks,
  });
}

async function hasBounds(trial: TransportTrial): Promise<void> {
  const [a, b] = await trial.startPair();
  const payload = new Uint8Array(256 * kibibyte);
  let sent = 0;
  // All in one turn, in which nothing can leave: four gibibytes would not be a bound.
  while (a.send('b', 7, payload, 'snapshot')) {
    sent++;
    demand(sent < 16_384, 'the lane of snapshots has a bound');
  }
  demand(
    a.send('b', 8, Uint8Array.of(1), 'protocol'),
    'a full lane of snapshots leaves the protocol its room',
  );
  await trial.until(() => b.payloads.some(({ group }) => group === 8), 'the protocol payload arrives');
  await trial.deliver(a, b, 9, Uint8Array.of(1), 'snapshot');
  demand(sent > 0, 'the lane takes something');
}

async function bearsCallbacks(trial: TransportTrial): Promise<void> {
  const [a, b] = await trial.startPair();
  b.onArrival = ({ group, bytes }) => b.send('a', group + 1, bytes);
  a.send('b', 1, Uint8Array.of(5));
  await trial.until(() => a.payloads.length > 0, 'the answer comes');
  let closing: Promise<void> | undefined;
  b.onArrival = () => {
    closing ??= b.close();
  };
  a.send('b', 3, Uint8Array.of(6));
  await trial.until(() => !a.transport.connected().includes('b'), 'a sees that b is gone');
  await closing;
}

/** Bytes that differ by length and position. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, position) => (position * 31 + length * 7) & 0xff);
}
