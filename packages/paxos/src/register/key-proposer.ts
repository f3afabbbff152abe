/**
 * The proposer of one register (CASPaxos §2.2): phase 1 finds the register's value, the change makes the next value of
 * it, phase 2 has it accepted. A vote carries the promise of the proposer's next ballot, so that the next change of the
 * same register from here begins with phase 2 (§2.2.1).
 *
 * A change must take effect once, though its proposer may be outbid after it asked for votes and has to try again. What
 * phase 1 then finds tells: a vote of one of its own attempts, so the change is in; only votes from before the first, so
 * it is not; a vote of somebody else in between, and nobody can know.
 */
import type { NodeId, Random, Term } from '@synod/core';
import { ProposerClock, type ProposerTiming } from '../proposer-clock.js';
import type { QuorumSystem } from '../quorum-system.js';
import type { RegisterChange } from './changes.js';
import type { ChangeId, RegisterAnswer } from './effects.js';
import type { RegisterVote } from './messages.js';

/** A change that waits or is under way. */
export interface PendingChange {
  readonly id: ChangeId;
  readonly change: RegisterChange;
}

/** A ballot whose phase 1 is done. */
export interface PreparedBallot {
  readonly ballot: Term;
  /** The highest vote that was reported: the register as it is. */
  readonly vote: RegisterVote | undefined;
}

/** What a round of changes is held to. */
export interface ChangeLimits {
  readonly batchMax: number;
  readonly valueBytesMax: number;
}

/** What comes of a tick. */
export type KeyTickResult = 'nothing' | 'resend' | 'retry';

/** The proposer of one register. */
export class KeyProposer {
  phase: 'idle' | 'prepare' | 'accept' | 'waiting' = 'idle';
  /** The ballot that it is trying, or tried last. */
  ballot: Term = 0;
  /** The ballot to be promised together with votes of this one. */
  next: Term = 0;
  /** What it proposes in its ballot. */
  value: Uint8Array | undefined;
  readonly key: string;
  #queue: PendingChange[] = [];
  /** Changes under way. */
  #batch: readonly PendingChange[] = [];
  /** By ballot in which votes were asked for: the answers to the changes, should that vote turn out to be in. */
  readonly #attempts = new Map<Term, readonly RegisterAnswer[]>();
  readonly #promises = new Map<NodeId, RegisterVote | undefined>();
  readonly #votes = new Set<NodeId>();
  readonly #refusals = new Set<NodeId>();
  #held: PreparedBallot | undefined;
  readonly #clock: ProposerClock;

  constructor(key: string, timing: ProposerTiming) {
    this.key = key;
    this.#clock = new ProposerClock(timing);
  }

  /** Changes that wait or are under way. */
  get pending(): number {
    return this.#queue.length + this.#batch.length;
  }

  /** Whether the next round needs no phase 1. */
  get hasPromise(): boolean {
    return this.#held !== undefined;
  }

  add(change: PendingChange): void {
    this.#queue.push(change);
  }

  /** Takes the ballot that was promised together with the last votes. */
  takeHeld(): PreparedBallot | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }

  /** Another proposer's ballot was promised here: one below it is worth nothing any more. */
  outbidBy(ballot: Term): void {
    if (this.#held !== undefined && this.#held.ballot < ballot) this.#held = undefined;
  }

  /** Phase 1 of a ballot that was never used before. */
  begin(ballot: Term): void {
    this.phase = 'prepare';
    this.ballot = ballot;
    this.#held = undefined;
    this.#promises.clear();
    this.#refusals.clear();
    this.#clock.waitForAnswers();
  }

  /** Who need not be asked again. */
  hasAnswer(id: NodeId): boolean {
    return this.phase === 'prepare' ? this.#promises.has(id) : this.#votes.has(id);
  }

  /** A promise came in. Gives the ballot when a quorum has promised it. */
  promised(
    from: NodeId,
    ballot: Term,
    vote: RegisterVote | undefined,
    quorums: QuorumSystem,
  ): PreparedBallot | undefined {
    if (this.phase !== 'prepare' || ballot !== this.ballot) return undefined;
    this.#promises.set(from, vote);
    if (!quorums.isPhase1Quorum(this.#promises)) return undefined;
    let highest: RegisterVote | undefined;
    for (const reported of this.#promises.values()) {
      if (reported !== undefined && reported.ballot > (highest?.ballot ?? 0)) highest = reported;
    }
    return { ballot, vote: highest };
  }

  /**
   * Phase 2: makes the next value of what phase 1 found.
   *
   * @returns Whether there is anything to be voted for: not when every change failed.
   */
  propose(prepared: PreparedBallot, next: Term, limits: ChangeLimits, answers: RegisterAnswer[]): boolean {
    const found = prepared.vote;
    const survived = found === undefined ? undefined : this.#attempts.get(found.ballot);
    if (survived !== undefined) this.#enter(prepared.ballot, next, found?.value, survived);
    else {
      this.#dropUnknown(found?.ballot ?? 0, answers);
      if (this.#batch.length === 0) this.#batch = this.#queue.splice(0, limits.batchMax);
      this.#apply(prepared, next, limits, answers);
    }
    return this.phase === 'accept';
  }

  /** A vote from after the first attempt that is none of ours may have been built on one of ours, or not. */
  #dropUnknown(found: Term, answers: RegisterAnswer[]): void {
    const [first] = this.#attempts.keys();
    if (first === undefined || found < first) return;
    const reason =
      'another proposer came in between and may or may not have built on this change: read to see';
    for (const { id } of this.#batch) {
      answers.push({ type: 'refused', id, code: 'OUTCOME_UNKNOWN', effect: 'unknown', reason });
    }
    this.#batch = [];
    this.#attempts.clear();
  }

  #apply(
    { ballot, vote }: PreparedBallot,
    next: Term,
    limits: ChangeLimits,
    answers: RegisterAnswer[],
  ): void {
    let value = vote?.value;
    const done: RegisterAnswer[] = [];
    const kept: PendingChange[] = [];
    for (const pending of this.#batch) {
      const answer = changed(pending, value, limits.valueBytesMax);
      if (answer.type === 'changed') {
        value = answer.after;
        done.push(answer);
        kept.push(pending);
      } else {
        // A vote of an earlier attempt may lie somewhere and be found by another proposer.
        const effect = this.#attempts.size > 0 ? 'unknown' : 'none';
        answers.push({ ...answer, effect });
      }
    }
    this.#batch = kept;
    if (kept.length > 0) return this.#enter(ballot, next, value, done);
    this.phase = 'idle';
    this.#attempts.clear();
  }

  #enter(ballot: Term, next: Term, value: Uint8Array | undefined, answers: readonly RegisterAnswer[]): void {
    this.phase = 'accept';
    this.ballot = ballot;
    this.next = next;
    this.value = value;
    // A change that failed in a later attempt has its answer already, though an earlier attempt is in.
    this.#attempts.set(
      ballot,
      answers.filter((answer) => this.#batch.some(({ id }) => id === answer.id)),
    );
    this.#votes.clear();
    this.#refusals.clear();
    this.#clock.waitForAnswers();
  }

  /** A vote came in. Gives the answers when the value is chosen with it. Later ones may still make up a promise. */
  voted(from: NodeId, ballot: Term, quorums: QuorumSystem): readonly RegisterAnswer[] | undefined {
    if (ballot !== this.ballot || this.phase === 'prepare' || this.phase === 'waiting') return undefined;
    this.#votes.add(from);
    let answers: readonly RegisterAnswer[] | undefined;
    if (this.phase === 'accept') {
      if (!quorums.isPhase2Quorum(this.#votes)) return undefined;
      answers = this.#attempts.get(ballot);
      this.phase = 'idle';
      this.#batch = [];
      this.#attempts.clear();
      this.#clock.succeeded();
    }
    if (this.next > ballot && quorums.isPhase1Quorum(this.#votes)) {
      this.#held = { ballot: this.next, vote: { ballot, value: this.value } };
      this.next = 0;
    }
    return answers;
  }

  /** A refusal came in: when so many refuse that no quorum is left, the ballot is lost. */
  refused(from: NodeId, ballot: Term, quorums: QuorumSystem, random: Random): void {
    if (ballot !== this.ballot || (this.phase !== 'prepare' && this.phase !== 'accept')) return;
    this.#refusals.add(from);
    const answerOf = (id: NodeId) => (this.hasAnswer(id) ? true : this.#refusals.has(id) ? false : undefined);
    const result = this.phase === 'prepare' ? quorums.phase1(answerOf) : quorums.phase2(answerOf);
    if (result === 'lost') this.#backOff(random);
  }

  /** One tick: answers that are overdue are asked for again; after a refusal, or enough waiting, in a higher ballot. */
  tick(random: Random): KeyTickResult {
    if (this.phase === 'idle' || !this.#clock.tick()) return 'nothing';
    if (this.phase === 'waiting') return 'retry';
    if (this.#refusals.size > 0) {
      this.#backOff(random);
      return 'nothing';
    }
    this.#clock.waitForAnswers();
    return 'resend';
  }

  #backOff(random: Random): void {
    this.phase = 'waiting';
    this.#clock.backOff(random);
  }
}

function changed(
  { id, change }: PendingChange,
  before: Uint8Array | undefined,
  valueBytesMax: number,
): RegisterAnswer {
  let after: Uint8Array | undefined;
  try {
    after = change(before);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return {
      type: 'refused',
      id,
      code: 'CHANGE_FAILED',
      effect: 'none',
      reason: `the change threw: ${what}`,
    };
  }
  if (after === undefined || after.length <= valueBytesMax) return { type: 'changed', id, before, after };
  const reason = `the value would have ${after.length} bytes: at most ${valueBytesMax} are allowed (valueBytesMax)`;
  return { type: 'refused', id, code: 'TOO_LARGE', effect: 'none', reason };
}
