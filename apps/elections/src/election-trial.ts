/**
 * One crash of a leader, as the Raft paper measured it (§9.3): five servers with logs of different lengths, so that
 * some cannot be elected; the leader sends its heartbeats to all at once and then crashes at a moment drawn evenly from
 * half of the least election timeout.
 */
import {
  type ConsensusEngine,
  createMembership,
  type Entry,
  logStart,
  Random,
  type RecoveredState,
} from '@synod/core';
import { createRaftEngine, type RaftMessage } from '@synod/raft';
import type { TimeoutRange } from './timeout-range.js';

/** What a trial is made of. */
export interface TrialOptions {
  readonly range: TimeoutRange;
  readonly seed: number;
  /** Whether servers ask whether they would be elected before they stand. The paper's did not. */
  readonly preVote: boolean;
  /** Time without a leader after which the trial ends undecided. */
  readonly giveUpMs: number;
}

interface Server {
  readonly id: string;
  readonly engine: ConsensusEngine<RaftMessage>;
  /** When its disk is through with what it was given. */
  diskIdleAtMs: number;
}

interface Planned {
  readonly atMs: number;
  readonly run: () => void;
}

/** Lengths of the logs. Of the four that survive, only the two longest can win a majority of five. */
const logLengths = [6, 5, 4, 3, 2] as const;

/**
 * A candidate's write, its request, a voter's write and the answer take about 7 ms. The paper's servers took about 15 ms
 * for a broadcast, without saying which part of it was the way to the voters: only that part makes votes split.
 */
const leastDelayMs = 2;
const delaySpreadMs = 1;
const saveMs = 1;

/**
 * Runs one trial.
 *
 * @param options - What it is made of.
 * @returns Milliseconds from the crash until another server leads; `Infinity` when the trial was given up.
 */
export function runTrial(options: TrialOptions): number {
  return new Trial(options).run();
}

class Trial {
  readonly #options: TrialOptions;
  readonly #random: Random;
  readonly #servers: readonly Server[];
  /** In the order of their moments. */
  readonly #planned: Planned[] = [];
  #nowMs = 0;
  /** From here on the next broadcast of heartbeats is the last. */
  readonly #settledAtMs: number;
  #crashAtMs = Number.POSITIVE_INFINITY;
  #isSilenced = false;

  constructor(options: TrialOptions) {
    const { range, seed, preVote } = options;
    this.#options = options;
    this.#random = new Random(`${seed}/world`);
    this.#settledAtMs = 4 * range.mostMs;
    const ids = logLengths.map((_, position) => `s${position + 1}`);
    this.#servers = ids.map((id, position) => ({
      id,
      diskIdleAtMs: 0,
      engine: createRaftEngine({
        id,
        group: 0,
        membership: createMembership(ids),
        recovered: logOf(logLengths[position] ?? 0),
        seed: `${seed}/${id}`,
        preVote,
        electionTicks: range.leastMs,
        electionSpreadTicks: range.mostMs - range.leastMs + 1,
        heartbeatTicks: Math.floor(range.leastMs / 3),
      }),
    }));
  }

  run(): number {
    const [leader] = this.#servers;
    if (leader === undefined) return Number.POSITIVE_INFINITY;
    leader.engine.step({ type: 'campaign' });
    this.#settle(leader);
    while (this.#nowMs < this.#settledAtMs + 2 * this.#options.range.mostMs + this.#options.giveUpMs) {
      this.#oneMillisecond();
      const successor = this.#servers.slice(1).find(({ engine }) => engine.status().role === 'leader');
      if (successor !== undefined && this.#nowMs > this.#crashAtMs) return this.#nowMs - this.#crashAtMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** A tick is a millisecond. */
  #oneMillisecond(): void {
    const endMs = this.#nowMs + 1;
    for (let next = this.#planned[0]; next !== undefined && next.atMs < endMs; next = this.#planned[0]) {
      this.#planned.shift();
      next.run();
    }
    this.#nowMs = endMs;
    for (const server of this.#servers) {
      if (this.#isDown(server)) continue;
      server.engine.step({ type: 'tick' });
      this.#settle(server);
    }
  }

  #settle(server: Server): void {
    for (let effects = server.engine.takeEffects(); effects !== undefined; ) {
      const { save, sendNow, sendAfterSave } = effects;
      this.#send(server, sendNow);
      if (save !== undefined) server.diskIdleAtMs = Math.max(this.#nowMs, server.diskIdleAtMs) + saveMs;
      this.#plan(server.diskIdleAtMs, () => {
        if (this.#isDown(server)) return;
        if (save !== undefined) server.engine.step({ type: 'saved', receipt: save.receipt });
        this.#send(server, sendAfterSave);
        this.#settle(server);
      });
      effects = server.engine.takeEffects();
    }
  }

  #send(server: Server, messages: readonly RaftMessage[]): void {
    const isLeader = server === this.#servers[0];
    if (isLeader && this.#isSilenced) return;
    let isLastBroadcast = false;
    for (const message of messages) {
      // Entries are held back, so that the logs keep their different lengths.
      if (message.type === 'appendEntries' && isLeader) continue;
      if (message.type === 'heartbeat' && this.#nowMs >= this.#settledAtMs) isLastBroadcast = isLeader;
      const delayMs = leastDelayMs + this.#random.float() * delaySpreadMs;
      this.#plan(this.#nowMs + delayMs, () => this.#deliver(message));
    }
    if (!isLastBroadcast) return;
    this.#isSilenced = true;
    this.#crashAtMs = this.#nowMs + (this.#random.float() * this.#options.range.leastMs) / 2;
  }

  #deliver(message: RaftMessage): void {
    const server = this.#servers.find(({ id }) => id === message.to);
    if (server === undefined || this.#isDown(server)) return;
    server.engine.step({ type: 'receive', message });
    this.#settle(server);
  }

  #isDown(server: Server): boolean {
    return server === this.#servers[0] && this.#nowMs >= this.#crashAtMs;
  }

  #plan(atMs: number, run: () => void): void {
    let position = this.#planned.length;
    while (position > 0 && (this.#planned[position - 1]?.atMs ?? 0) > atMs) position--;
    this.#planned.splice(position, 0, { atMs, run });
  }
}

function logOf(length: number): RecoveredState {
  const entries = Array.from({ length }, (_, position): Entry => {
    return { index: position + 1, term: 1, kind: 'command', data: Uint8Array.of(position) };
  });
  return { discarded: logStart, entries };
}
