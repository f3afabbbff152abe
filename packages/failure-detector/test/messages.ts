/** Messages of every kind, for properties. */
import fc from 'fast-check';
import type { MemberUpdate, SwimMessage } from '../src/index.js';

const someIds = fc.constantFrom('m1', 'm2', 'm3', 'm4', 'stranger', 'x'.repeat(64));
const someAddresses = fc.constantFrom('m1:7946', 'm2:7946', '[fe80::1]:9', 'a'.repeat(255));
const incarnation = fc.oneof(fc.nat(5), fc.constantFrom(2 ** 48, 2 ** 48 - 1));

const anyUpdate: fc.Arbitrary<MemberUpdate> = fc
  .record({
    id: someIds,
    address: someAddresses,
    state: fc.constantFrom('alive' as const, 'suspect' as const, 'dead' as const, 'left' as const),
    incarnation,
    by: someIds,
  })
  .map((one) => (one.state === 'alive' || one.state === 'left' ? { ...one, by: one.id } : one));

const updates = fc.array(anyUpdate, { maxLength: 6 });
const subject = { from: someIds, sequence: fc.oneof(fc.nat(9), fc.maxSafeNat()), target: someIds, updates };

/** Any message within the limits of the format. */
export const anyMessage: fc.Arbitrary<SwimMessage> = fc.oneof(
  fc.record({ type: fc.constant('ping' as const), ...subject }),
  fc.record({ type: fc.constant('ack' as const), ...subject }),
  fc.record({ type: fc.constant('nack' as const), ...subject }),
  fc.record({ type: fc.constant('pingRequest' as const), ...subject }),
  fc.record({ type: fc.constant('sync' as const), from: someIds, wantsReply: fc.boolean(), updates }),
  fc.record({ type: fc.constant('gossip' as const), from: someIds, updates }),
);
