import { ManualClock } from '@synod/core/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallTable } from './call-table.js';
import { uncertain } from './exchange-error.js';
import type { ExchangeItem } from './exchange-items.js';
import type { ExchangeLink } from './exchange-link.js';
import type { PushResult } from './lane-queue.js';
import { OutgoingCalls } from './outgoing-calls.js';

const nothing = new Uint8Array(0);

/** A connection that notes what is said, and refuses when it is told to. */
class NotedLink implements ExchangeLink {
  readonly peer = 'b';
  readonly said: ExchangeItem[] = [];
  result: PushResult = 'queued';

  push(item: ExchangeItem, bound: 'bounded' | 'forced'): PushResult {
    if (bound === 'bounded' && this.result !== 'queued') return this.result;
    this.said.push(item);
    return 'queued';
  }

  room(): Promise<boolean> {
    return Promise.resolve(true);
  }

  wakeStreams(): void {}
}

const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('call' as const), timeoutMs: fc.integer({ min: 1, max: 50 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('reply' as const, 'failure' as const),
      id: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('abort' as const), call: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('refuse' as const),
      result: fc.constantFrom('queued' as const, 'lane-full' as const, 'too-large' as const),
    }),
  },
);

describe('calls', () => {
  it('settle once each, whatever comes first, and leave no timer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
        const clock = new ManualClock();
        const link = new NotedLink();
        const calls = new OutgoingCalls(link, clock, 8);
        const made: { readonly controller: AbortController; outcomes: number }[] = [];
        for (const one of events) {
          if (one.type === 'call') {
            const call = { controller: new AbortController(), outcomes: 0 };
            made.push(call);
            const settled = (): void => {
              call.outcomes++;
            };
            calls
              .call('m', nothing, clock.now() + one.timeoutMs, call.controller.signal)
              .then(settled, settled);
          } else if (one.type === 'reply') calls.receive({ type: 'reply', id: one.id, payload: nothing });
          else if (one.type === 'failure')
            calls.receive({ type: 'failure', id: one.id, failure: uncertain('HANDLER_FAILED', 'x') });
          else if (one.type === 'abort') made[one.call]?.controller.abort();
          else if (one.type === 'pass') clock.advance(one.ms);
          else if (one.type === 'refuse') link.result = one.result;
          expect(calls.size).toBeLessThanOrEqual(8);
        }
        calls.end(uncertain('PEER_LOST', 'the end'));
        await Promise.resolve();
        await Promise.resolve();
        expect(made.map(({ outcomes }) => outcomes)).toEqual(made.map(() => 1));
        expect(clock.timers).toBe(0);
        expect(calls.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('that are given up or run out of time are cancelled at the peer, those that are answered are not', async () => {
    const clock = new ManualClock();
    const link = new NotedLink();
    const calls = new OutgoingCalls(link, clock, 8);
    const controller = new AbortController();
    const outcomes = [
      calls.call('answered', nothing, 100, undefined),
      calls.call('given up', nothing, 100, controller.signal),
      calls.call('late', nothing, 50, undefined),
    ].map((call) =>
      call.then(
        () => 'answered',
        (error: { code: string; effect: string }) => `${error.code} ${error.effect}`,
      ),
    );
    calls.receive({ type: 'reply', id: 1, payload: nothing });
    controller.abort();
    clock.advance(60);
    calls.receive({ type: 'reply', id: 3, payload: nothing });
    expect(await Promise.all(outcomes)).toEqual([
      'answered',
      'CANCELLED unknown',
      'DEADLINE_EXCEEDED unknown',
    ]);
    expect(link.said).toMatchObject([
      { type: 'call', id: 1, remainingMs: 100 },
      { type: 'call', id: 2, remainingMs: 100 },
      { type: 'call', id: 3, remainingMs: 50 },
      { type: 'cancel', id: 2 },
      { type: 'cancel', id: 3 },
    ]);
  });
});

describe('the table of calls', () => {
  it('gives each call back once, never more than fit, and knows the ids that it gave', () => {
    const step = fc.oneof(fc.constant('open' as const), fc.integer({ min: -1, max: 40 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 8 }), (steps, openMax) => {
        const table = new CallTable<number>(openMax);
        const open = new Map<number, number>();
        const given = new Set<number>();
        for (const [at, one] of steps.entries()) {
          if (one === 'open') {
            const id = table.open(at);
            expect(id === undefined).toBe(open.size === openMax);
            if (id === undefined) continue;
            expect(given.has(id)).toBe(false);
            given.add(id);
            open.set(id, at);
          } else {
            expect(table.take(one)).toBe(open.get(one));
            open.delete(one);
            expect(table.knows(one)).toBe(given.has(one));
          }
          expect(table.size).toBe(open.size);
        }
        expect(table.takeAll()).toEqual([...open.values()]);
        expect(table.size).toBe(0);
      }),
    );
  });
});
