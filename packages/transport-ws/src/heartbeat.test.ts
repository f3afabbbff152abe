import type { Clock } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Heartbeat } from './heartbeat.js';

/** One timer at a time, run by hand. */
class OneTimer implements Clock {
  callback: (() => void) | undefined;

  now(): number {
    return 0;
  }

  after(_delayMs: number, callback: () => void): () => void {
    this.callback = callback;
    return () => {
      this.callback = undefined;
    };
  }

  pass(): void {
    const callback = this.callback;
    this.callback = undefined;
    callback?.();
  }
}

function watch() {
  const clock = new OneTimer();
  const seen = { bytes: 0, beats: 0, silences: 0 };
  const heartbeat = new Heartbeat(clock, 1000, {
    bytesReceived: () => seen.bytes,
    beat: () => seen.beats++,
    onSilence: () => seen.silences++,
  });
  return { clock, seen, heartbeat };
}

describe('Heartbeat', () => {
  it('beats every period for as long as bytes come', () => {
    const { clock, seen } = watch();
    for (let period = 0; period < 50; period++) {
      seen.bytes += 2;
      clock.pass();
    }
    expect(seen).toEqual({ bytes: 100, beats: 50, silences: 0 });
  });

  it('tells of silence once, after three periods in a row without a byte', () => {
    const { clock, seen } = watch();
    clock.pass();
    clock.pass();
    seen.bytes = 1;
    clock.pass();
    clock.pass();
    clock.pass();
    expect(seen.silences).toBe(0);
    clock.pass();
    expect(seen.silences).toBe(1);
    clock.pass();
    expect(seen.silences).toBe(1);
    expect(clock.callback).toBeUndefined();
  });

  it('counts a long pause of this process as one period', () => {
    const { clock, seen } = watch();
    // However late the timer runs, it runs once; the bytes that waited are read before it runs again.
    clock.pass();
    seen.bytes = 10;
    clock.pass();
    clock.pass();
    expect(seen.silences).toBe(0);
  });

  it('does nothing once it is stopped', () => {
    const { clock, seen, heartbeat } = watch();
    heartbeat.stop();
    clock.pass();
    expect(seen).toEqual({ bytes: 0, beats: 0, silences: 0 });
  });
});
