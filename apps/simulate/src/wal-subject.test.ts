import { drawScript, runScriptOnStorage, simulateOnStorage } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import { walSubject } from './wal-subject.js';

describe('storms over real logs', () => {
  it('every rule holds, also where disks fail, fill up, tear and rot', async () => {
    const faults = ['crash', 'failedSync', 'fullDisk', 'bitRot', 'slowDisk', 'snapshot', 'cut'] as const;
    const report = await simulateOnStorage({
      ...walSubject(),
      seeds: [1, 60],
      ticks: 600,
      faults,
      nodes: 3,
    });
    expect(report.explanation).toBe('');
    expect(report.answered).toBeGreaterThan(1000);
    const situations = [
      'torn tail cut',
      'sync failed',
      'disk full',
      'room found again',
      'proposal refused for want of room',
      'old segment removed',
    ];
    for (const situation of situations) expect(report.coverage).toHaveProperty(situation);
  }, 60_000);

  it('the same seed gives the same hash of every event', async () => {
    const script = drawScript(5, { ticks: 150 });
    const hashes = [
      await runScriptOnStorage(script, walSubject()),
      await runScriptOnStorage(script, walSubject()),
    ];
    expect(hashes[0]?.traceHash).toBe(hashes[1]?.traceHash);
    expect(hashes[0]?.finding).toBeUndefined();
  }, 60_000);

  it('a rotten disk is refused at the restart, and the others go on', async () => {
    const quiet = drawScript(1, { ticks: 400, faults: [], nodes: 3 });
    const rot = Array.from({ length: 20 }, (_, count) => ({
      atUs: 8_000_000 + count * 1_000,
      fault: { type: 'bitRot', node: 'n2' } as const,
    }));
    const crash = {
      atUs: 9_000_000,
      fault: { type: 'crash', node: 'n2', downUs: 100_000, whileSaving: false },
    } as const;
    const run = await runScriptOnStorage({ ...quiet, steps: [...rot, crash] }, walSubject());
    expect(run.finding).toBeUndefined();
    expect(run.coverage['damaged storage refused']).toBe(1);
  }, 60_000);
});
