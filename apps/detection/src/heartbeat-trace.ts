/** Heartbeats of one peer that never fails, in weather that is drawn from a seed: what every detector is shown alike. */
import { naturalLogarithm, Random } from '@synod/core';

/** What happens to heartbeats on their way. */
export interface Weather {
  readonly name: string;
  /** Mean of the delay on top of 5 ms; delays are drawn exponentially. */
  readonly jitterMs: number;
  /** Share of heartbeats that get lost. */
  readonly loss: number;
  /** Mean time between pauses of the peer; `Infinity` for none. */
  readonly pauseEveryMs: number;
  /** How long the peer stands still in one. */
  readonly pauseMs: number;
}

/** A heartbeat. */
export interface Heartbeat {
  readonly sentAtMs: number;
  /** When it came; `Infinity` when it got lost. */
  readonly cameAtMs: number;
}

/** Time between heartbeats. */
export const heartbeatEveryMs = 1000;

const calm: Weather = {
  name: 'calm',
  jitterMs: 20,
  loss: 0,
  pauseEveryMs: Number.POSITIVE_INFINITY,
  pauseMs: 0,
};

/** The weathers that are tried. */
export const weathers: readonly Weather[] = [
  calm,
  { ...calm, name: 'jitter of 200 ms', jitterMs: 200 },
  { ...calm, name: 'loss of 10 %', loss: 0.1 },
  { ...calm, name: 'pauses of 2 s', pauseEveryMs: 60_000, pauseMs: 2000 },
  { name: 'all of it', jitterMs: 200, loss: 0.1, pauseEveryMs: 60_000, pauseMs: 2000 },
];

/**
 * Draws a trace.
 *
 * @param weather - What happens on the way.
 * @param durationMs - How long.
 * @param seed - The same seed gives the same trace.
 * @returns Heartbeats in the order in which they were sent.
 */
export function drawTrace(weather: Weather, durationMs: number, seed: number): readonly Heartbeat[] {
  const random = new Random(`${seed}/${weather.name}`);
  const heartbeats: Heartbeat[] = [];
  let pauseAtMs = exponential(random, weather.pauseEveryMs);
  for (let dueAtMs = 0; dueAtMs < durationMs; dueAtMs += heartbeatEveryMs) {
    // What was due in a pause leaves once at its end.
    while (dueAtMs >= pauseAtMs + weather.pauseMs)
      pauseAtMs += weather.pauseMs + exponential(random, weather.pauseEveryMs);
    const sentAtMs = dueAtMs > pauseAtMs ? pauseAtMs + weather.pauseMs : dueAtMs;
    if (heartbeats.at(-1)?.sentAtMs === sentAtMs) continue;
    const isLost = random.chance(weather.loss);
    const delayMs = 5 + exponential(random, weather.jitterMs);
    heartbeats.push({ sentAtMs, cameAtMs: isLost ? Number.POSITIVE_INFINITY : sentAtMs + delayMs });
  }
  return heartbeats;
}

function exponential(random: Random, mean: number): number {
  return -naturalLogarithm(1 - random.float()) * mean;
}
