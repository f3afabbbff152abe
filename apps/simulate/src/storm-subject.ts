/** What storms are run on, whichever engine it is. */
import type { EngineMessage, Random } from '@synod/core';
import type { RecordedOptions } from '@synod/core/recording';
import type {
  ClockPromise,
  RegisterAnswer,
  RegisterMachine,
  RegisterRequest,
  Subject,
} from '@synod/simulator';
import type { HistoryJudge } from './history-judge.js';

/** The engines that storms can be run on. */
export const engineNames = ['raft', 'paxos'] as const;

/** Name of an engine. */
export type EngineName = (typeof engineNames)[number];

/** An engine with the register machine. */
export interface StormSubject<Message extends EngineMessage = EngineMessage>
  extends Subject<Message, RegisterMachine, RegisterRequest, RegisterAnswer> {
  /** Judges the history of every run. */
  readonly judge: HistoryJudge;
  /**
   * The limits that the engine is made with, as a recording keeps them.
   *
   * @param settings - Stands where it stands for the engine.
   * @param clocks - What the storm promises of clocks.
   */
  recordedLimits(settings: Random, clocks: ClockPromise): RecordedOptions;
}

/** Situations of storms that an engine has no word for, by engine. */
export const foreignSituations: Readonly<Record<EngineName, readonly string[]>> = {
  raft: [],
  // Slots are voted for again in place, nothing is appended behind anything, and no two memberships govern at once.
  paxos: [
    'log truncated',
    'append refused',
    'joint membership',
    'joint membership left',
    'members taken back',
    'snapshot asked for',
  ],
};

/**
 * Draws one of some values.
 *
 * @param random - Where from.
 * @param values - What to draw from.
 */
export function pick(random: Random, values: readonly [number, ...number[]]): number {
  return values[random.integer(0, values.length)] ?? values[0];
}

/**
 * A lease that clocks within their promise cannot break, if there is one. Two ticks go for counting whole ones on both
 * sides.
 *
 * @param electionTicks - The engine's election timeout.
 * @param clockDriftMax - By how much clocks may differ, as a part of the time; none is promised when it is `undefined`.
 */
export function leaseWithin(
  electionTicks: number,
  clockDriftMax: number | undefined,
): { readonly lease?: { readonly driftTicks: number } } {
  if (clockDriftMax === undefined) return {};
  const driftTicks = Math.ceil(electionTicks * clockDriftMax) + 2;
  return driftTicks < electionTicks ? { lease: { driftTicks } } : {};
}
