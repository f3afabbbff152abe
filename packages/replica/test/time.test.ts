import { describe, expect, it, vi } from 'vitest';
import { openSolo, type Solo } from './solo.js';

/** Lets the process stand still: the clock has moved when it goes on, but no timer rang meanwhile. */
function pause({ clock }: Solo, durationMs: number): void {
  const now = clock.now.bind(clock);
  vi.spyOn(clock, 'now').mockImplementation(() => now() + durationMs);
}

function inputs({ engine }: Solo): unknown[] {
  return [...engine.inputsOf('tick'), ...engine.inputsOf('read')];
}

describe('what the engine is told of time', () => {
  it('is one tick for each that passes', async () => {
    const solo = await openSolo();
    await solo.tick(5);
    expect(inputs(solo)).toEqual(Array(5).fill({ type: 'tick' }));
  });

  it('holds the ticks that were missed while the process stood still, so that no lease outlives them', async () => {
    const solo = await openSolo();
    await solo.tick(3);
    pause(solo, 100);
    await solo.tick(2);
    expect(inputs(solo).slice(3)).toEqual([{ type: 'tick', missed: 10 }, { type: 'tick' }]);
  });

  it('is brought up to date before a read that trusts in it, and for no other', async () => {
    const solo = await openSolo();
    await solo.tick(3);
    pause(solo, 100);
    await solo.replica.read(() => 0);
    expect(solo.engine.inputsOf('tick')).toHaveLength(3);
    await solo.replica.read(() => 0, { mode: 'lease' });
    expect(solo.engine.inputsOf('tick').slice(3)).toEqual([{ type: 'tick', missed: 9 }]);
    await solo.replica.read(() => 0, { mode: 'lease' });
    expect(solo.engine.inputsOf('tick')).toHaveLength(4);
  });
});
