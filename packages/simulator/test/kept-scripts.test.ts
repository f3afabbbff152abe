import { describe, expect, it } from 'vitest';
import { drawScript, runScript } from '../src/index.js';
import { registersOnRaft } from './raft-under-test.js';

describe('the calm after a storm', () => {
  it('a process that stood still when the storm ended goes on at once, with all that waited for it', () => {
    const quiet = drawScript(2699, { nodes: 3, ticks: 600, faults: [] });
    const pause = (node: string) => ({
      atUs: 26_000_000,
      fault: { type: 'pause', node, forUs: 90_000_000 } as const,
    });
    const script = { ...quiet, steps: [pause('n1'), pause('n2'), pause('n3')] };
    expect(runScript(script, registersOnRaft).finding).toBeUndefined();
  });
});
