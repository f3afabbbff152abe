import { Random } from '@synod/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import { EndpointHealth } from './endpoint-health.js';
import type { Pick } from './pick.js';
import { PowerOfChoices } from './power-of-choices.js';
import { RoundRobin } from './round-robin.js';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.js';

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('pick' as const), passMs: fc.nat(3_000) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('done' as const),
      which: fc.nat(20),
      result: fc.constantFrom(
        'success' as const,
        'failure' as const,
        'failure' as const,
        'cancelled' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('mark' as const), id: fc.nat(7), healthy: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('update' as const), count: fc.integer({ min: 1, max: 8 }) }),
  },
);

const strategies = [
  () => new RoundRobin({ random: new Random(1) }),
  () => new SmoothWeightedRoundRobin(),
  () => new PowerOfChoices({ random: new Random(1) }),
];

it('picks go to no endpoint that is ejected or marked unless in a panic, and there is always one while any is fit', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.constantFrom(...strategies),
      fc.boolean(),
      fc.constantFrom(0, 0.3, 0.5),
      fc.constantFrom(0, 0.2, 1),
      (steps, strategy, slowly, panicShare, ejectedShareMost) => {
        const health: EndpointHealth = new EndpointHealth({
          panicShare,
          onEvent: (event) => {
            // The one that is ejected just now is counted already.
            const ejected = health
              .status()
              .filter(({ ejectedUntilMs }) => ejectedUntilMs !== undefined).length;
            if (event.type === 'ejected' && event.reason !== 'trialFailed')
              expect((ejected - 1) / health.status().length).toBeLessThan(ejectedShareMost);
          },
          ejection: { ejectedShareMost, consecutiveFailures: 2, intervalMs: 2_000, ejectionMs: 3_000 },
          ...(slowly ? { slowStart: { windowMs: 5_000 } } : {}),
        });
        const endpoints = (count: number) => Array.from({ length: count }, (_, id) => ({ id: `${id}` }));
        const balancer = new Balancer({ endpoints: endpoints(5), strategy: strategy(), health });
        const open: Pick[] = [];
        let nowMs = 0;
        for (const each of steps) {
          if (each.type === 'mark') health.mark(`${each.id}`, each.healthy, nowMs);
          else if (each.type === 'update') balancer.update(endpoints(each.count), nowMs);
          else if (each.type === 'done') {
            const [pick] = open.splice(each.which % Math.max(1, open.length), 1);
            if (pick !== undefined) balancer.done(pick, { result: each.result, nowMs });
          } else {
            nowMs += each.passMs;
            const pick = balancer.pick({ nowMs });
            const states = new Map(health.status().map((endpoint) => [endpoint.id, endpoint]));
            const fit = [...states.values()].filter(({ state }) => state === 'fit' || state === 'starting');
            if (pick.type === 'none') {
              expect(fit).toEqual([]);
              expect(health.inPanic).toBe(false);
              continue;
            }
            open.push(pick);
            if (!health.inPanic)
              expect(['fit', 'starting', 'trial']).toContain(states.get(pick.endpoint.id)?.state);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
