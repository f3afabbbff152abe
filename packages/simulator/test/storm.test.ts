import { describe, expect, it } from 'vitest';
import { explain, simulate } from '../src/index.js';
import { registersOnRaft } from './raft-under-test.js';

describe('storms over raft', () => {
  it('every rule holds through twenty storms of all faults, and clients are answered', () => {
    const report = simulate({ ...registersOnRaft, seeds: [1, 20], ticks: 400 });
    expect(report.explanation).toBe('');
    expect(report.seeds).toBe(20);
    expect(report.answered).toBeGreaterThan(1000);
    expect(Object.keys(report.faults).length).toBeGreaterThan(15);
  }, 60_000);

  it('without faults every request is answered', () => {
    const report = simulate({ ...registersOnRaft, seeds: [1, 3], ticks: 200, faults: [] });
    expect(report.explanation).toBe('');
    expect(report.faults).toEqual({});
    expect(report.coverage['message lost']).toBeUndefined();
  });

  it('refuses a range of seeds that is none', () => {
    expect(() => simulate({ ...registersOnRaft, seeds: [2, 1] })).toThrow(/below the first/);
  });

  it('explains a run that kept every rule as such', () => {
    const report = simulate({ ...registersOnRaft, seeds: [1, 1], ticks: 50 });
    expect(report.failure === undefined ? '' : explain(report.failure)).toBe('');
  });
});
