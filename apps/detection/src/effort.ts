/** How much is measured: by default enough for steady figures, or little, for a test. */

/** Sizes of every experiment. */
export interface Effort {
  /** Hours of heartbeats for each detector and weather. */
  readonly heartbeatHours: number;
  /** Sizes of the groups whose members crash. */
  readonly groupSizes: readonly number[];
  /** Crashes in a group of a size. */
  readonly crashes: number;
  /** Sizes of the groups in which news spread. */
  readonly spreadSizes: readonly number[];
  /** Newcomers for each size. */
  readonly newcomers: number;
  /** Periods in which messages are counted. */
  readonly loadPeriods: number;
  /** Members of the group with slow members, and how many are slow. */
  readonly slowGroup: number;
  readonly slowMembers: readonly number[];
  /** How long they stand still. */
  readonly pausesMs: readonly number[];
  /** How long each run takes, and how many there are. */
  readonly slowDurationMs: number;
  readonly slowRuns: number;
}

/** What the guide shows. */
export const fullEffort: Effort = {
  heartbeatHours: 10,
  groupSizes: [4, 8, 16, 32, 64, 128],
  crashes: 200,
  spreadSizes: [8, 16, 32, 64, 128, 256, 512],
  newcomers: 5,
  loadPeriods: 100,
  slowGroup: 64,
  slowMembers: [4, 16],
  pausesMs: [4000, 16_000, 32_000],
  slowDurationMs: 180_000,
  slowRuns: 1,
};

/** What a test runs anew. */
export const smallEffort: Effort = {
  heartbeatHours: 0.5,
  groupSizes: [8, 32],
  crashes: 20,
  spreadSizes: [8, 64],
  newcomers: 2,
  loadPeriods: 20,
  slowGroup: 24,
  slowMembers: [4],
  pausesMs: [16_000],
  slowDurationMs: 120_000,
  slowRuns: 1,
};
