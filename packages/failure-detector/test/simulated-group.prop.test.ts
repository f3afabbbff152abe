import { FingerprintBuilder, Random } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MemberState, type SwimEvent, SwimMember } from '../src/index.js';
import { SimulatedGroup, type SimulatedGroupOptions } from '../src/simulation/index.js';
import { anyMessage } from './messages.js';

interface Told {
  readonly atMs: number;
  readonly member: string;
  readonly event: SwimEvent;
}

function groupOf(options: SimulatedGroupOptions): { readonly group: SimulatedGroup; readonly told: Told[] } {
  const told: Told[] = [];
  const group = new SimulatedGroup({
    ...options,
    onEvent: (member, event, atMs) => told.push({ member, event, atMs }),
  });
  return { group, told };
}

/** Who each running member takes for alive. */
function views(group: SimulatedGroup): string[][] {
  return group.running.map((id) => {
    const { members } = group.member(id).status();
    return [id, ...members.filter(({ state }) => state === 'alive').map((member) => member.id)].sort();
  });
}

function stateOf(group: SimulatedGroup, at: string, of: string): MemberState | undefined {
  return group
    .member(at)
    .status()
    .members.find(({ id }) => id === of)?.state;
}

/** A life of a group: who crashes, comes back, leaves and stands still, and when. */
const deed = fc.record({
  afterMs: fc.integer({ min: 0, max: 6000 }),
  type: fc.constantFrom(
    'crash' as const,
    'start' as const,
    'leave' as const,
    'pause' as const,
    'cut' as const,
  ),
  who: fc.nat(7),
  whom: fc.nat(7),
});

function live(
  group: SimulatedGroup,
  deeds: readonly { afterMs: number; type: string; who: number; whom: number }[],
): void {
  for (const { afterMs, type, who, whom } of deeds) {
    group.run(afterMs);
    const id = `m${who + 1}`;
    const isRunning = group.running.includes(id);
    // One always stays, for the others to come back to.
    if (type === 'crash' && isRunning && who > 0) group.crash(id);
    else if (type === 'leave' && isRunning && who > 0) group.leave(id);
    else if (type === 'pause' && isRunning) group.pause(id, 3000, whom % 2 === 0);
    else if (type === 'cut') group.cut(id, `m${whom + 1}`);
    else if (type === 'start' && !isRunning) group.start(id, ['m1']);
  }
}

describe('a group in which no message is lost', () => {
  it('never takes a member that runs for dead, nor even for suspect, and sends no more than two messages a probe', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 12 }), (seed, members) => {
        const { group, told } = groupOf({ seed, members, swim: { syncEveryMs: 0 } });
        group.run(30_000);
        expect(told).toEqual([]);
        const { ping = 0, ack = 0 } = Object.fromEntries(group.sent);
        expect(ping).toBeLessThanOrEqual(members * 31);
        // Of the last pings, some are under way still.
        expect(ping - ack).toBeGreaterThanOrEqual(0);
        expect(ping - ack).toBeLessThanOrEqual(members);
        expect([...group.sent.keys()].sort()).toEqual(['ack', 'ping']);
      }),
      { numRuns: 30 },
    );
  });

  it('finds every crash, and nobody else dead; everyone agrees', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 10 }), (seed, members) => {
        const { group, told } = groupOf({ seed, members });
        group.run(seed % 5000);
        group.crash('m2');
        group.run(60_000);
        const dead = told.filter(({ event }) => event.type === 'died');
        expect(new Set(dead.map(({ member }) => member)).size).toBe(members - 1);
        for (const { event } of dead) expect(event).toMatchObject({ member: 'm2' });
        for (const view of views(group)) expect(view).toEqual([...group.running].sort());
      }),
      { numRuns: 30 },
    );
  });

  it('has back within a round who was wrongly taken for dead, as soon as it goes on', () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, isTold) => {
        const members = 6;
        const { group, told } = groupOf({ seed, members });
        group.run(3000);
        group.pause('m2', 60_000, isTold);
        group.run(60_000);
        expect(told.some(({ event }) => event.type === 'died' && event.member === 'm2')).toBe(true);
        // Its own probes reach each other in two rounds at the most, slowed by a score of at most 8; the first brings it back.
        group.run(2 * members * 9000);
        for (const id of group.running.filter((one) => one !== 'm2'))
          expect(stateOf(group, id, 'm2')).toBe('alive');
      }),
      { numRuns: 10 },
    );
  });
});

describe('a group in any weather', () => {
  it('agrees on who is there when it has been quiet for a while, and incarnations never fall', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(deed, { maxLength: 25 }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        (seed, deeds, loss) => {
          const incarnations = new Map<string, number>();
          const group = new SimulatedGroup({
            seed,
            members: 8,
            network: { leastMs: 1, mostMs: 50, loss },
            onEvent: (at, event) => {
              if (!('incarnation' in event) || !('member' in event)) return;
              const key = `${at} of ${event.member}`;
              // A member that was started anew begins to learn anew.
              if (event.type !== 'joined')
                expect(event.incarnation).toBeGreaterThanOrEqual(incarnations.get(key) ?? 0);
              incarnations.set(key, event.incarnation);
            },
          });
          live(group, deeds);
          group.heal();
          group.calm();
          group.run(400_000);
          for (const view of views(group)) expect(view).toEqual([...group.running].sort());
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is the same, byte for byte, from the same seed', () => {
    const run = (seed: number, deeds: Parameters<typeof live>[1]) => {
      const fingerprint = new FingerprintBuilder();
      const group = new SimulatedGroup({
        seed,
        members: 8,
        network: { loss: 0.1 },
        onDatagram: (from, to, bytes, atMs) => {
          fingerprint.text(`${from} ${to} ${atMs}`);
          fingerprint.bytes(bytes);
        },
      });
      live(group, deeds);
      group.run(20_000);
      return fingerprint.digest();
    };
    fc.assert(
      fc.property(fc.nat(), fc.array(deed, { maxLength: 15 }), (seed, deeds) => {
        expect(run(seed, deeds)).toEqual(run(seed, deeds));
        expect(run(seed, deeds)).not.toEqual(run(seed + 1, deeds));
      }),
      { numRuns: 10 },
    );
  });

  it('sends at most 2 + 4 k messages a probe, whatever gets lost', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, loss) => {
        const members = 8;
        const group = new SimulatedGroup({ seed, members, network: { loss }, swim: { syncEveryMs: 0 } });
        group.run(60_000);
        const total = [...group.sent.values()].reduce((sum, count) => sum + count, 0);
        expect(total).toBeLessThanOrEqual(members * 61 * (2 + 4 * 3));
      }),
      { numRuns: 20 },
    );
  });

  it('whatever messages say: nothing throws, numbers stay numbers, and memory and answers stay bounded', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(anyMessage, { maxLength: 60 }), (seed, messages) => {
        const member = new SwimMember(
          { id: 'm1', address: 'm1:7946', random: new Random(seed), membersMax: 4 },
          0,
        );
        for (const [step, message] of messages.entries()) {
          const now = step * 150;
          const { send } = member.step({ type: 'receive', now, message, address: 'peer:1' });
          expect(send.length).toBeLessThanOrEqual(3);
          member.step({ type: 'tick', now });
        }
        const { members, incarnation } = member.status();
        expect(members.length).toBeLessThanOrEqual(4);
        for (const { accusers } of members) expect(accusers.length).toBeLessThanOrEqual(16);
        expect(Number.isSafeInteger(incarnation)).toBe(true);
        expect(member.wakeAtMs()).not.toBeNaN();
      }),
      { numRuns: 300 },
    );
  });
});

describe('halves that were cut off from each other', () => {
  it('take each other for dead, and find each other again by what they remember', () => {
    const { group } = groupOf({ seed: 4, members: 6 });
    const [left, right] = [
      ['m1', 'm2', 'm3'],
      ['m4', 'm5', 'm6'],
    ];
    for (const one of left ?? []) {
      for (const other of right ?? []) {
        group.cut(one, other);
        group.cut(other, one);
      }
    }
    group.run(120_000);
    expect(views(group)).toEqual([left, left, left, right, right, right]);
    group.heal();
    group.run(120_000);
    for (const view of views(group)) expect(view).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  });
});

it('a link that is broken one way is told, and kills nobody', () => {
  const { group, told } = groupOf({ seed: 5, members: 5 });
  group.cut('m1', 'm2');
  group.run(60_000);
  expect(told.filter(({ event }) => event.type === 'died')).toEqual([]);
  const broken = told
    .filter(({ event }) => event.type === 'linkBroken')
    .map(({ member, event }) => [member, 'member' in event && event.member]);
  expect(new Set(broken.map((pair) => pair.join()))).toEqual(new Set(['m1,m2', 'm2,m1']));
});

it('who leaves has left everywhere, and who comes back from it is alive everywhere', () => {
  const { group } = groupOf({ seed: 6, members: 5 });
  group.leave('m3');
  group.run(5000);
  expect(['m1', 'm2', 'm4', 'm5'].map((id) => stateOf(group, id, 'm3'))).toEqual([
    'left',
    'left',
    'left',
    'left',
  ]);
  group.start('m3', ['m5']);
  group.run(5000);
  expect(['m1', 'm2', 'm4', 'm5'].map((id) => stateOf(group, id, 'm3'))).toEqual([
    'alive',
    'alive',
    'alive',
    'alive',
  ]);
});
