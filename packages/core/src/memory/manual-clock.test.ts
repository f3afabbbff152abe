import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.js';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('calls what falls due, in the order of its times, each at its own time', () => {
    const clock = new ManualClock(100);
    const calls: string[] = [];
    clock.after(30, () => calls.push(`c ${clock.now()}`));
    clock.after(10, () => calls.push(`a ${clock.now()}`));
    clock.after(10, () => calls.push(`b ${clock.now()}`));
    clock.after(31, () => calls.push('late'));
    clock.advance(30);
    expect(calls).toEqual(['a 110', 'b 110', 'c 130']);
    expect(clock.now()).toBe(130);
    expect(clock.timers).toBe(1);
  });

  it('calls within the same stretch what a call sets up', () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const again = () => {
      times.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
  });

  it('does not call what was cancelled', () => {
    const clock = new ManualClock();
    let calls = 0;
    const cancel = clock.after(5, () => calls++);
    cancel();
    clock.advance(10);
    expect(calls).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('never goes back', () => {
    expect(() => new ManualClock().advance(-1)).toThrow(InvalidArgumentError);
    expect(() => new ManualClock().advance(Number.NaN)).toThrow(InvalidArgumentError);
  });
});
