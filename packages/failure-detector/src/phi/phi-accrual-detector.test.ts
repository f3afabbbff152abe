import { InvalidArgumentError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PhiAccrualDetector } from './phi-accrual-detector.js';
import type { PhiOptions } from './phi-options.js';

/** Heartbeats each 100 ms from 0 until 10 s, judged before and after each. */
function steady(options: PhiOptions = {}): PhiAccrualDetector {
  const detector = new PhiAccrualDetector({ firstEstimateMs: 100, acceptablePauseMs: 100, ...options });
  beat(detector, 0, 10_000);
  return detector;
}

function beat(detector: PhiAccrualDetector, fromMs: number, throughMs: number, everyMs = 100) {
  const types: string[] = [];
  for (let now = fromMs; now <= throughMs; now += everyMs) {
    types.push(...detector.verdicts(now).map(({ type }) => type));
    detector.heartbeat('n1', now);
    types.push(...detector.verdicts(now).map(({ type }) => type));
  }
  return types;
}

describe('verdicts', () => {
  it('suspects a peer that falls silent, once, and says why', () => {
    const detector = steady();
    expect(detector.verdicts(10_150)).toEqual([]);
    const [event, ...others] = detector.verdicts(10_400);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ type: 'suspected', peer: 'n1', atMs: 10_400, silenceMs: 400 });
    expect(event?.reason).toMatch(
      /^nothing heard for 400 ms, where 100 ms ± \d+ ms are usual: phi [\d.]+ has reached 8$/,
    );
    expect(detector.verdicts(11_000)).toEqual([]);
    expect(detector.status(11_000)).toMatchObject([
      { peer: 'n1', suspected: true, suspicions: 1, heartbeats: 101 },
    ]);
  });

  it('trusts it again only when it stayed up for a while', () => {
    const detector = steady({ minUpTimeMs: 300 });
    detector.verdicts(12_000);
    expect(beat(detector, 12_000, 12_200)).toEqual([]);
    expect(beat(detector, 12_300, 12_300)).toEqual(['restored']);
  });

  it('begins to count anew when it falls silent again meanwhile: no flapping', () => {
    const detector = steady({ minUpTimeMs: 1000 });
    detector.verdicts(12_000);
    const types = [12_000, 13_200, 14_400].flatMap((from) => beat(detector, from, from + 500));
    expect(types).toEqual([]);
    expect(beat(detector, 15_600, 16_600)).toEqual(['restored']);
  });

  it('without a least time up, the first heartbeat restores it', () => {
    const detector = steady({ minUpTimeMs: 0 });
    detector.verdicts(12_000);
    expect(beat(detector, 12_000, 12_000)).toEqual(['restored']);
  });

  it('suspects a peer whose first heartbeat never comes', () => {
    const detector = new PhiAccrualDetector({ firstEstimateMs: 100 });
    detector.watch('n1', 0);
    expect(detector.verdicts(300)).toEqual([]);
    expect(detector.verdicts(1000)).toMatchObject([{ type: 'suspected', peer: 'n1' }]);
  });

  it('knows nothing of peers that are not watched', () => {
    const detector = steady();
    expect(detector.phi('n2', 10_000)).toBe(0);
    expect(detector.forget('n1')).toBe(true);
    expect(detector.forget('n1')).toBe(false);
    expect(detector.verdicts(1e6)).toEqual([]);
  });
});

describe('the rhythm of a peer', () => {
  it('is not learnt from an outage', () => {
    const detector = steady();
    const before = detector.status(10_000)[0]?.intervals;
    detector.verdicts(70_000);
    detector.heartbeat('n1', 70_000);
    expect(detector.status(70_000)[0]?.intervals).toEqual(before);
  });

  it('is learnt anew when it has changed for good', () => {
    const detector = steady();
    const types = beat(detector, 12_000, 40_000, 2000);
    expect(types).toContain('restored');
    expect(detector.status(40_000)).toMatchObject([{ suspected: false }]);
    expect(detector.status(40_000)[0]?.intervals.meanMs).toBeCloseTo(2000, 0);
    expect(beat(detector, 42_000, 80_000, 2000)).toEqual([]);
  });

  it('of a jittery peer asks for more silence than that of a steady one', () => {
    const jittery = new PhiAccrualDetector({ firstEstimateMs: 100, acceptablePauseMs: 0 });
    for (let pair = 0; pair < 100; pair++) {
      jittery.heartbeat('n1', pair * 200);
      jittery.heartbeat('n1', pair * 200 + 20);
    }
    expect(jittery.phi('n1', 19_820 + 300)).toBeLessThan(8);
    expect(steady({ acceptablePauseMs: 0 }).phi('n1', 10_300)).toBeGreaterThan(8);
  });
});

describe('pauses of this process', () => {
  it('are no silence of the peer', () => {
    const detector = steady();
    detector.localPause(15_000, 5000);
    expect(detector.verdicts(15_000)).toEqual([]);
    expect(detector.verdicts(15_150)).toEqual([]);
    expect(detector.verdicts(15_400)).toMatchObject([{ type: 'suspected', silenceMs: 400 }]);
  });

  it('are noticed by verdicts that were not asked for in time', () => {
    const detector = steady({ verdictsEveryMs: 100 });
    expect(detector.verdicts(15_000)).toEqual([]);
    expect(steady().verdicts(15_000)).toHaveLength(1);
  });

  it('excuse no more than the silence since the last heartbeat', () => {
    const detector = steady();
    detector.heartbeat('n1', 14_990);
    detector.localPause(15_000, 5000);
    expect(detector.status(15_000)[0]?.silenceMs).toBe(0);
    expect(detector.verdicts(15_400)).toMatchObject([{ type: 'suspected', silenceMs: 400 }]);
  });

  it('do not count as intervals', () => {
    const detector = steady();
    const before = detector.status(10_000)[0]?.intervals;
    detector.localPause(10_150, 100);
    detector.heartbeat('n1', 10_150);
    expect(detector.status(10_150)[0]?.intervals).toEqual(before);
  });
});

describe('a clock that goes back', () => {
  it('by a little counts as the latest time', () => {
    const detector = steady();
    detector.verdicts(10_050);
    detector.heartbeat('n1', 10_040);
    expect(detector.status(10_050)[0]?.silenceMs).toBe(0);
  });

  it('by an hour suspects nobody, and goes on from there', () => {
    const detector = steady();
    expect(detector.verdicts(10_000 - 3_600_000)).toEqual([]);
    expect(beat(detector, 10_100 - 3_600_000, 12_000 - 3_600_000)).toEqual([]);
    expect(detector.verdicts(12_400 - 3_600_000)).toMatchObject([{ type: 'suspected' }]);
  });
});

describe('limits', () => {
  it('takes no heartbeats of more peers than it may watch', () => {
    const detector = new PhiAccrualDetector({ peersMax: 2 });
    expect(['a', 'b', 'c', 'a'].map((peer) => detector.heartbeat(peer, 0))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(detector.status(0).map(({ peer }) => peer)).toEqual(['a', 'b']);
  });

  it.each([
    { threshold: 0 },
    { threshold: Number.NaN },
    { windowSize: 1 },
    { firstEstimateMs: 0 },
    { minDeviationMs: -1 },
    { acceptablePauseMs: Number.POSITIVE_INFINITY },
    { minUpTimeMs: -1 },
    { verdictsEveryMs: 0 },
    { peersMax: 0.5 },
  ])('refuses %o', (options) => {
    const [name = ''] = Object.keys(options);
    expect(() => new PhiAccrualDetector(options)).toThrow(InvalidArgumentError);
    expect(() => new PhiAccrualDetector(options)).toThrow(name);
  });

  it('refuses times that are none, and an empty name', () => {
    const detector = steady();
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => detector.heartbeat('n1', now)).toThrow('now is');
      expect(() => detector.verdicts(now)).toThrow(InvalidArgumentError);
    }
    expect(() => detector.heartbeat('', 10_000)).toThrow('peer is ""');
    expect(() => detector.localPause(10_000, -1)).toThrow('pausedMs is -1');
  });
});

describe('laws', () => {
  const call = fc.record({
    kind: fc.constantFrom('heartbeat' as const, 'verdicts' as const, 'pause' as const),
    step: fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.double({ min: -1e9, max: 1e9, noNaN: true })),
    peer: fc.constantFrom('a', 'b', 'c'),
  });
  const options = fc.record({
    form: fc.constantFrom('normal' as const, 'logistic' as const, 'exponential' as const),
    windowSize: fc.integer({ min: 2, max: 50 }),
    minUpTimeMs: fc.nat(5000),
  });

  function run(settings: PhiOptions, calls: readonly { kind: string; step: number; peer: string }[]): string {
    const detector = new PhiAccrualDetector(settings);
    const suspected = new Set<string>();
    const log: unknown[] = [];
    let now = 0;
    for (const { kind, step, peer } of calls) {
      now += step;
      if (kind === 'heartbeat') detector.heartbeat(peer, now);
      else if (kind === 'pause') detector.localPause(now, Math.abs(step));
      for (const event of kind === 'verdicts' ? detector.verdicts(now) : []) {
        log.push(event);
        expect(suspected.has(event.peer)).toBe(event.type === 'restored');
        if (event.type === 'suspected') suspected.add(event.peer);
        else suspected.delete(event.peer);
      }
      for (const status of detector.status(now)) {
        log.push(status);
        expect(status.suspected).toBe(suspected.has(status.peer));
        for (const number of [
          status.phi,
          status.silenceMs,
          status.intervals.meanMs,
          status.intervals.deviationMs,
        ])
          expect(Number.isFinite(number) && number >= 0).toBe(true);
      }
    }
    return JSON.stringify(log);
  }

  it('whatever comes and however the clock jumps: numbers are finite, verdicts alternate, and the same calls say the same', () => {
    fc.assert(
      fc.property(options, fc.array(call, { maxLength: 80 }), (settings, calls) => {
        expect(run(settings, calls)).toBe(run(settings, calls));
      }),
      { numRuns: 300 },
    );
  });
});
