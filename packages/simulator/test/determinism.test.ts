import { describe, expect, it } from 'vitest';
import { drawScript, parseScript, runScript, type Script } from '../src/index.js';
import { registersOnRaft } from './raft-under-test.js';

describe('determinism', () => {
  it('the same seed gives the same hash of every event, and another seed another', () => {
    const hashes = [1, 2, 3, 1, 2, 3].map(
      (seed) => runScript(drawScript(seed, { ticks: 300 }), registersOnRaft).traceHash,
    );
    expect(hashes.slice(0, 3)).toEqual(hashes.slice(3));
    expect(new Set(hashes).size).toBe(3);
  }, 60_000);

  it('a script that went through JSON runs to the same hash', () => {
    const script = drawScript(7, { ticks: 300 });
    const kept = parseScript(JSON.stringify(script));
    expect(runScript(kept, registersOnRaft).traceHash).toBe(runScript(script, registersOnRaft).traceHash);
  });

  it('taking one kind of fault away leaves the moments of the others as they were', () => {
    const all = drawScript(5, { ticks: 5000 });
    const kinds = [...new Set(all.steps.map(({ fault }) => fault.type))];
    for (const dropped of kinds) {
      const others = ({ steps }: Script) => steps.filter(({ fault }) => fault.type !== dropped);
      const byTheClock = (script: Script) => others(script).filter(({ fault }) => fault.type !== 'ambush');
      const fewer = drawScript(5, { ticks: 5000, faults: kinds.filter((kind) => kind !== dropped) });
      // Ambushes of a kind go with it, and ambushes bring faults of other kinds along, which go with them.
      expect(others(all)).toEqual(expect.arrayContaining(others(fewer)));
      if (dropped !== 'ambush') expect(byTheClock(fewer)).toEqual(byTheClock(all));
    }
  });

  it('refuses text that is no script', () => {
    expect(() => parseScript('storm')).toThrow(/JSON/);
    expect(() => parseScript('{"seed":1}')).toThrow(/steps/);
  });
});
