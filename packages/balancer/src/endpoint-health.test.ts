import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Balancer } from './balancer.js';
import { EndpointHealth } from './endpoint-health.js';
import type { EndpointHealthOptions, HealthEvent } from './health-settings.js';
import type { Pick } from './pick.js';
import { RoundRobin } from './round-robin.js';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.js';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

/** Ten endpoints in turn, and what happens to them. */
class Fleet {
  readonly events: HealthEvent[] = [];
  readonly health: EndpointHealth;
  readonly balancer: Balancer;
  nowMs = 0;

  constructor(options: EndpointHealthOptions = {}, names: readonly string[] = ids) {
    this.health = new EndpointHealth({ ...options, onEvent: (event) => void this.events.push(event) });
    this.balancer = new Balancer({
      endpoints: names.map((id) => ({ id })),
      strategy: new RoundRobin({ random: new Random(1) }),
      health: this.health,
    });
  }

  pick(): Pick {
    const pick = this.balancer.pick({ nowMs: this.nowMs });
    if (pick.type === 'none') throw new Error(`nothing picked: ${pick.reason}`);
    return pick;
  }

  /** So many requests, each of which ends as its endpoint does. */
  serve(requests: number, fails: (id: string) => boolean): Map<string, number> {
    const served = new Map<string, number>();
    for (let request = 0; request < requests; request++) {
      const pick = this.pick();
      const { id } = pick.endpoint;
      served.set(id, (served.get(id) ?? 0) + 1);
      this.balancer.done(pick, { result: fails(id) ? 'failure' : 'success', nowMs: this.nowMs });
    }
    return served;
  }

  state(id: string) {
    return this.health.status().find((endpoint) => endpoint.id === id)?.state;
  }
}

describe('an endpoint that fails several times in a row', () => {
  it('is ejected at the fifth failure, and others take its requests', () => {
    const fleet = new Fleet();
    fleet.serve(50, (id) => id === 'a');
    expect(fleet.events).toEqual([
      { type: 'ejected', id: 'a', nowMs: 0, reason: 'consecutiveFailures', forMs: 30_000 },
    ]);
    expect(fleet.serve(90, () => false).has('a')).toBe(false);
  });

  it('is not, when it succeeds in between or requests are cancelled', () => {
    const fleet = new Fleet();
    let failures = 0;
    fleet.serve(200, (id) => id === 'a' && ++failures % 5 !== 0);
    for (let request = 0; request < 100; request++)
      fleet.balancer.done(fleet.pick(), { result: 'cancelled', nowMs: 0 });
    expect(fleet.events).toEqual([]);
  });

  it('comes back at the first look after its time, on trial with one request, and is trusted after a success', () => {
    const fleet = new Fleet();
    fleet.serve(50, (id) => id === 'a');
    fleet.nowMs = 30_000;
    expect(fleet.serve(20, () => false).has('a')).toBe(false);
    fleet.nowMs = 40_000;
    const open = Array.from({ length: 20 }, () => fleet.pick());
    expect(open.filter(({ endpoint }) => endpoint.id === 'a')).toHaveLength(1);
    expect(fleet.state('a')).toBe('trial');
    for (const pick of open) fleet.balancer.done(pick, { result: 'success', nowMs: 40_000 });
    expect(fleet.state('a')).toBe('fit');
    expect(fleet.serve(20, () => false).get('a')).toBe(2);
  });

  it('is ejected for longer each time its trial fails, at most five minutes', () => {
    const fleet = new Fleet();
    const fails = (id: string) => id === 'a';
    fleet.serve(50, fails);
    for (let minute = 1; minute < 120; minute++) {
      fleet.nowMs = minute * 60_000;
      fleet.serve(20, fails);
    }
    const lengths = fleet.events.flatMap((event) => (event.type === 'ejected' ? [event.forMs] : []));
    expect(lengths.slice(0, 11)).toEqual([
      30_000, 60_000, 90_000, 120_000, 150_000, 180_000, 210_000, 240_000, 270_000, 300_000, 300_000,
    ]);
    expect(fleet.events.at(-1)).toMatchObject({ reason: 'trialFailed' });
  });

  it('is forgiven one ejection for each interval without another', () => {
    const fleet = new Fleet({ trialRequests: undefined });
    fleet.serve(50, (id) => id === 'a');
    for (fleet.nowMs = 0; fleet.nowMs < 60_000; fleet.nowMs += 10_000) fleet.serve(10, () => false);
    fleet.serve(50, (id) => id === 'a');
    const lengths = fleet.events.flatMap((event) => (event.type === 'ejected' ? [event.forMs] : []));
    expect(lengths).toEqual([30_000, 30_000]);
  });
});

describe('how many may be ejected', () => {
  it('one of ten by default, however many fail', () => {
    const fleet = new Fleet();
    fleet.serve(500, (id) => id < 'd');
    expect(fleet.events.filter(({ type }) => type === 'ejected')).toHaveLength(1);
  });

  it('none when the share is 0, one of three when it is small: one always may be', () => {
    const none = new Fleet({ ejection: { ejectedShareMost: 0 } });
    none.serve(100, (id) => id === 'a');
    expect(none.events).toEqual([]);
    const three = new Fleet({ ejection: { ejectedShareMost: 0.01 } }, ['a', 'b', 'c']);
    three.serve(100, (id) => id !== 'c');
    expect(three.events.filter(({ type }) => type === 'ejected')).toHaveLength(1);
  });
});

describe('looks at the interval that is over', () => {
  const quiet = { consecutiveFailures: undefined };

  it('eject who stays 1.9 deviations behind, with 100 requests each (gRPC A50)', () => {
    const fleet = new Fleet({ ejection: quiet });
    let asked = 0;
    fleet.serve(1_000, (id) => id === 'c' && ++asked % 4 === 0);
    expect(fleet.events).toEqual([]);
    fleet.nowMs = 10_000;
    fleet.serve(1, () => false);
    expect(fleet.events).toEqual([
      { type: 'ejected', id: 'c', nowMs: 10_000, reason: 'successRate', forMs: 30_000 },
    ]);
    expect(fleet.health.status()[2]).toMatchObject({ successRate: 0.75, ejectedUntilMs: 40_000 });
  });

  it('eject nobody for 99 requests, or with four endpoints', () => {
    const few = new Fleet({ ejection: quiet });
    few.serve(990, (id) => id === 'c');
    few.nowMs = 10_000;
    few.serve(1, () => false);
    const four = new Fleet({ ejection: quiet }, ['a', 'b', 'c', 'd']);
    four.serve(1_000, (id) => id === 'c');
    four.nowMs = 10_000;
    four.serve(1, () => false);
    expect([...few.events, ...four.events]).toEqual([]);
  });

  it('eject who fails more than 85 % when asked to, also when all fail alike', () => {
    const fleet = new Fleet({ ejection: { ...quiet, successRate: undefined, failureShare: {} } });
    fleet.serve(500, () => true);
    fleet.nowMs = 10_000;
    fleet.serve(1, () => false);
    expect(fleet.events).toMatchObject([{ type: 'ejected', reason: 'failureShare' }]);
  });

  it('look once after a long silence', () => {
    const fleet = new Fleet({ ejection: quiet });
    fleet.serve(1_000, (id) => id === 'c');
    fleet.nowMs = 86_400_000;
    fleet.serve(1, () => false);
    expect(fleet.events).toMatchObject([{ type: 'ejected', id: 'c', nowMs: 86_400_000 }]);
  });
});

describe('a panic', () => {
  const three = ['a', 'b', 'c'];

  it('begins when fewer than half are fit: then all are used, until enough are fit again', () => {
    const fleet = new Fleet({}, three);
    fleet.health.mark('a', false);
    expect(fleet.serve(6, () => false).has('a')).toBe(false);
    fleet.health.mark('b', false);
    expect(fleet.health.inPanic).toBe(true);
    expect(fleet.serve(6, () => false)).toEqual(new Map(three.map((id) => [id, 2])));
    fleet.health.mark('b', true);
    expect(fleet.serve(6, () => false).has('a')).toBe(false);
    expect(fleet.events.filter(({ type }) => type === 'panic')).toEqual([
      { type: 'panic', nowMs: 0, begins: true, fit: 1, all: 3 },
      { type: 'panic', nowMs: 0, begins: false, fit: 2, all: 3 },
    ]);
  });

  it('picks nobody when it shall fail instead', () => {
    const fleet = new Fleet({ whenInPanic: 'useNone' }, three);
    fleet.health.mark('a', false);
    fleet.health.mark('b', false);
    expect(fleet.balancer.pick({ nowMs: 0 })).toEqual({ type: 'none', reason: 'unavailable' });
  });

  it('never comes with the share 0, though one endpoint is left', () => {
    const fleet = new Fleet({ panicShare: 0 }, three);
    fleet.health.mark('a', false);
    fleet.health.mark('b', false);
    expect(fleet.serve(4, () => false)).toEqual(new Map([['c', 4]]));
  });
});

describe('a slow start', () => {
  function shares(health: EndpointHealth): number[] {
    return health.status().map(({ share }) => share);
  }

  it('gives newcomers a tenth, and more until the window is over; the first set has it all at once', () => {
    const health = new EndpointHealth({ slowStart: { windowMs: 10_000 } });
    const strategy = new SmoothWeightedRoundRobin();
    const balancer = new Balancer({ endpoints: [{ id: 'a' }, { id: 'b' }], strategy, health });
    expect(shares(health)).toEqual([1, 1]);
    balancer.update([{ id: 'a' }, { id: 'b' }, { id: 'new' }], 1_000);
    const seen: number[] = [];
    for (let nowMs = 1_000; nowMs <= 11_000; nowMs += 2_000) {
      const pick = balancer.pick({ nowMs });
      if (pick.type === 'picked') balancer.done(pick, { result: 'success', nowMs });
      seen.push(shares(health)[2] ?? 0);
    }
    expect(seen).toEqual([0.1, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it('is for endpoints that were marked healthy again too, and ends when they are ejected', () => {
    const fleet = new Fleet({ slowStart: { windowMs: 100_000 } });
    fleet.health.mark('a', false);
    fleet.health.mark('a', true);
    expect(fleet.state('a')).toBe('starting');
    fleet.serve(60, (id) => id === 'a');
    expect(fleet.state('a')).toBe('ejected');
  });
});

it('no endpoint gets more requests at one time than its bound', () => {
  const fleet = new Fleet({ inFlightMost: 2 }, ['a', 'b']);
  const open = [fleet.pick(), fleet.pick(), fleet.pick(), fleet.pick()];
  expect(fleet.balancer.pick({ nowMs: 0 })).toEqual({ type: 'none', reason: 'unavailable' });
  const [first] = open;
  if (first !== undefined) fleet.balancer.done(first, { result: 'success', nowMs: 0 });
  expect(fleet.pick().endpoint.id).toBe(first?.endpoint.id);
});

describe('another set of endpoints', () => {
  it('disturbs none that stay: the ejected stays ejected, and one that comes back begins anew', () => {
    const fleet = new Fleet();
    fleet.serve(50, (id) => id === 'a');
    fleet.balancer.update([...ids, 'k'].map((id) => ({ id })));
    expect(fleet.state('a')).toBe('ejected');
    fleet.balancer.update(ids.slice(1).map((id) => ({ id })));
    fleet.balancer.update(ids.map((id) => ({ id })));
    expect(fleet.state('a')).toBe('fit');
  });

  it('marks of unknown endpoints are refused', () => {
    expect(new Fleet().health.mark('nobody', false)).toBe(false);
  });
});

it.each([
  [{ panicShare: 2 }, 'panicShare is 2: it must be a number from 0 to 1'],
  [{ trialRequests: 0 }, 'trialRequests is 0: it must be a whole number from 1'],
  [{ inFlightMost: 1.5 }, 'inFlightMost is 1.5'],
  [{ slowStart: { windowMs: 0 } }, 'slowStart.windowMs is 0: it must be a number above 0'],
  [{ ejection: { intervalMs: Number.NaN } }, 'ejection.intervalMs is NaN'],
  [{ ejection: { consecutiveFailures: -1 } }, 'ejection.consecutiveFailures is -1'],
  [{ ejection: { successRate: { deviationFactor: -1 } } }, 'ejection.successRate.deviationFactor is -1'],
  [{ ejection: { failureShare: { requestsLeast: 0 } } }, 'ejection.failureShare.requestsLeast is 0'],
] satisfies [EndpointHealthOptions, string][])('%j is refused', (options, message) => {
  expect(() => new EndpointHealth(options)).toThrow(message);
});
