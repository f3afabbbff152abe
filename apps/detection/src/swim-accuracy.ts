/**
 * Members that are slow again and again, and the healthy ones that are taken for dead for it (Lifeguard §V): a slow member misses the
 * answers of others, and their refutations.
 */
import { Random } from '@synod/core';
import type { SwimOptions } from '@synod/failure-detector';
import { SimulatedGroup } from '@synod/failure-detector/simulation';

/** Settings that are compared. */
export interface Configuration {
  readonly name: string;
  readonly swim: Partial<SwimOptions>;
  /**
   * How members are slow: their messages wait while their timers go on, as in the paper (default), or all of the process stands
   * still, timers too.
   */
  readonly standsStill?: boolean;
}

/** What slow members are like. */
export interface Slowness {
  readonly members: number;
  /** How many of them are slow. */
  readonly slow: number;
  /** Each is slow for so long, */
  readonly pauseMs: number;
  /** then as fast as others for so long, again and again. */
  readonly runMs: number;
  readonly durationMs: number;
}

/** How often healthy members were declared dead. */
export interface Falsehood {
  /** Declared by anyone: each member that comes to it on its own or is told counts, as in the paper. */
  readonly byAnyone: number;
  /** Declared by members that are healthy themselves. */
  readonly byHealthy: number;
  /** Messages in all. */
  readonly messages: number;
}

const off = { suspicionMaxMultiplier: 1, localHealthMax: 0, buddySystem: false } as const;

/** Plain SWIM, and Lifeguard's extensions one by one and together. Suspicions last at least 5 periods times log10 n, as there. */
export const configurations: readonly Configuration[] = [
  { name: 'SWIM without suspicion', swim: { ...off, suspicionMultiplier: 0 } },
  { name: 'SWIM', swim: { ...off, suspicionMultiplier: 5 } },
  { name: 'with local health (LHA-Probe)', swim: { ...off, suspicionMultiplier: 5, localHealthMax: 8 } },
  {
    name: 'with shrinking suspicion (LHA-Suspicion)',
    swim: { ...off, suspicionMultiplier: 5, suspicionMaxMultiplier: 6 },
  },
  { name: 'with buddy system', swim: { ...off, suspicionMultiplier: 5, buddySystem: true } },
  {
    name: 'Lifeguard: all three',
    swim: { suspicionMultiplier: 5, suspicionMaxMultiplier: 6, localHealthMax: 8 },
  },
  {
    name: 'SWIM, all of a slow process stands still',
    swim: { ...off, suspicionMultiplier: 5 },
    standsStill: true,
  },
];

/**
 * Runs a group with slow members.
 *
 * @param configuration - Settings of all members.
 * @param slowness - Who is slow, and how.
 * @param seed - Of the run.
 */
export function measureFalsehood(configuration: Configuration, slowness: Slowness, seed: number): Falsehood {
  const random = new Random(`${seed}/pauses`);
  const slow = new Set(Array.from({ length: slowness.slow }, (_, position) => `m${position + 1}`));
  let byAnyone = 0;
  let byHealthy = 0;
  const group = new SimulatedGroup({
    seed,
    members: slowness.members,
    swim: configuration.swim,
    onEvent: (member, event) => {
      if (event.type !== 'died' || slow.has(event.member)) return;
      byAnyone++;
      if (!slow.has(member)) byHealthy++;
    },
  });
  const resumes = [...slow].map((id) => ({
    id,
    pauseAtMs: random.float() * (slowness.pauseMs + slowness.runMs),
  }));
  const stepMs = 100;
  for (let now = 0; now < slowness.durationMs; now += stepMs) {
    for (const member of resumes) {
      if (now < member.pauseAtMs) continue;
      if (configuration.standsStill) group.pause(member.id, slowness.pauseMs);
      else group.muffle(member.id, slowness.pauseMs);
      member.pauseAtMs += slowness.pauseMs + slowness.runMs;
    }
    group.run(stepMs);
  }
  return { byAnyone, byHealthy, messages: [...group.sent.values()].reduce((sum, count) => sum + count, 0) };
}
