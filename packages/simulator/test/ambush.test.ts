import { describe, expect, it } from 'vitest';
import {
  type Ambush,
  describeScript,
  drawScript,
  parseScript,
  runScript,
  type Script,
} from '../src/index.js';
import { registersOnRaft } from './raft-under-test.js';

const quiet: Script = { ...drawScript(3, { ticks: 400, nodes: 3, faults: [] }), steps: [] };

function withAmbush(change: Partial<Ambush>): Script {
  const fault: Ambush = {
    type: 'ambush',
    when: 'leads',
    each: 1,
    times: 100,
    afterUs: 1000,
    forUs: 60_000_000,
    fault: { type: 'isolate', node: 'it', direction: 'both', forUs: 3_000_000 },
    ...change,
  };
  return { ...quiet, steps: [{ atUs: 0, fault }] };
}

describe('an ambush', () => {
  it('strikes the node that does what it waits for, each time it does', () => {
    const calm = runScript(quiet, registersOnRaft);
    const run = runScript(withAmbush({}), registersOnRaft);
    expect(run.finding).toBeUndefined();
    expect(run.faults.ambush).toBeGreaterThan(1);
    expect(run.faults.isolate).toBe(run.faults.ambush);
    expect(run.leaderTerms).toBeGreaterThan(calm.leaderTerms);
  });

  it('strikes no more often than it says, and only at each so many situations', () => {
    expect(runScript(withAmbush({ times: 1 }), registersOnRaft).faults.ambush).toBe(1);
    const everyTime =
      runScript(withAmbush({ when: 'commits', times: 1000 }), registersOnRaft).faults.ambush ?? 0;
    const everyTenth =
      runScript(withAmbush({ when: 'commits', each: 10 }), registersOnRaft).faults.ambush ?? 0;
    expect(everyTenth).toBeGreaterThan(0);
    expect(everyTenth).toBeLessThan(everyTime);
  });

  it('strikes nobody when its time is over before the situation arises', () => {
    expect(runScript(withAmbush({ forUs: 1 }), registersOnRaft).faults).toEqual({});
  });

  it('is read back from JSON to the same run, and is described by what it waits for and does', () => {
    const script = withAmbush({});
    const kept = parseScript(JSON.stringify(script));
    expect(runScript(kept, registersOnRaft).traceHash).toBe(runScript(script, registersOnRaft).traceHash);
    expect(describeScript(script).join('\n')).toMatch(/ambush: 1 ms after a node leads.*isolate {2}node it/);
  });

  it('is refused when it waits for nothing that is known, or for another ambush', () => {
    const text = JSON.stringify(withAmbush({}));
    expect(() => parseScript(text.replace('"leads"', '"dreams"'))).toThrow(/steps/);
    expect(() => parseScript(text.replace('"isolate"', '"ambush"'))).toThrow(/steps/);
  });
});

describe('an echo', () => {
  it('brings messages once more, long after, and breaks no rule', () => {
    const fault = { type: 'echo', chance: 0.5, lateUs: 4_000_000, forUs: 20_000_000 } as const;
    const run = runScript({ ...quiet, steps: [{ atUs: 0, fault }] }, registersOnRaft);
    expect(run.finding).toBeUndefined();
    expect(run.coverage['message echoed']).toBeGreaterThan(100);
  });
});

describe('a seed', () => {
  it('draws the length of its storm unless it is told', () => {
    const lengths = new Set(Array.from({ length: 40 }, (_, seed) => drawScript(seed).ticks));
    expect([...lengths].sort((left, right) => left - right)).toEqual([150, 300, 600, 2000]);
    expect(drawScript(1, { ticks: 77 }).ticks).toBe(77);
  });
});
