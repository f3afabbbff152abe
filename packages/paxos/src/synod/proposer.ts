/**
 * The proposer (Paxos Made Simple §2.2): it wins a ballot when a phase-1 quorum has promised it, and may then propose
 * one value in it: that of the highest ballot among the votes reported, or its own when none was.
 */
import type { FingerprintBuilder, FingerprintView, NodeId, Random, Term } from '@synod/core';
import { ProposerClock, type ProposerTiming } from '../proposer-clock.js';
import type { QuorumSystem } from '../quorum-system.js';
import type { SynodVote } from './messages.js';
import { namedInOrder } from './named-in-order.js';

/**
 * What a proposer is doing.
 *
 * - `idle`: nothing.
 * - `prepare`: phase 1, it collects promises.
 * - `accept`: phase 2, it collects votes.
 * - `waiting`: it was outbid and waits before it tries a higher ballot.
 */
export type ProposerPhase = 'idle' | 'prepare' | 'accept' | 'waiting';

/** What comes of a promise: open, the value to propose, or that nothing was voted for and there is no value. */
export type PhaseOneResult = 'open' | 'nothing' | SynodVote;

/** What comes of a tick. */
export type TickResult = 'nothing' | 'resend' | 'retry';

/** One proposer. */
export class Proposer {
  phase: ProposerPhase = 'idle';
  /** The ballot that it is trying, or tried last. */
  ballot: Term = 0;
  /** Its own value; none when it only wants to learn. */
  value: Uint8Array | undefined;
  /** What it proposed in its ballot. */
  proposed: Uint8Array | undefined;
  #promises = new Map<NodeId, SynodVote | undefined>();
  #refusals = new Set<NodeId>();
  #clock: ProposerClock;
  readonly #timing: ProposerTiming;
  readonly #random: Random;

  constructor(timing: ProposerTiming, random: Random) {
    this.#timing = timing;
    this.#random = random;
    this.#clock = new ProposerClock(timing);
  }

  clone(): Proposer {
    const copy = new Proposer(this.#timing, this.#random.clone());
    copy.phase = this.phase;
    copy.ballot = this.ballot;
    copy.value = this.value;
    copy.proposed = this.proposed;
    copy.#promises = new Map(this.#promises);
    copy.#refusals = new Set(this.#refusals);
    copy.#clock = this.#clock.clone();
    return copy;
  }

  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.text(this.phase).number(this.ballot).plain(this.value).plain(this.proposed);
    const promises = Array.from(this.#promises, ([id, vote]) => [view.rename?.(id) ?? id, vote] as const);
    promises.sort(([left], [right]) => (left < right ? -1 : 1));
    digest.plain(promises).plain(namedInOrder(this.#refusals, view));
    if (view.untimed === true) return;
    this.#clock.addTo(digest);
    digest.plain(this.#random.state());
  }

  /** Phase 1 of a ballot that this proposer never used before. */
  begin(ballot: Term): void {
    this.phase = 'prepare';
    this.ballot = ballot;
    this.proposed = undefined;
    this.#promises.clear();
    this.#refusals.clear();
    this.#clock.waitForAnswers();
  }

  /** Nothing is left to do. */
  end(): void {
    this.phase = 'idle';
  }

  /** Who has promised the ballot. */
  hasPromise(id: NodeId): boolean {
    return this.#promises.has(id);
  }

  /** A promise came in. Those of other ballots count for nothing. */
  promised(from: NodeId, ballot: Term, vote: SynodVote | undefined, quorums: QuorumSystem): PhaseOneResult {
    if (this.phase !== 'prepare' || ballot !== this.ballot) return 'open';
    this.#promises.set(from, vote);
    if (!quorums.isPhase1Quorum(this.#promises)) return 'open';
    const value = this.#highestVote()?.value ?? this.value;
    if (value === undefined) return 'nothing';
    this.phase = 'accept';
    this.proposed = value;
    this.#refusals.clear();
    this.#clock.waitForAnswers();
    return { ballot, value };
  }

  #highestVote(): SynodVote | undefined {
    let highest: SynodVote | undefined;
    for (const vote of this.#promises.values()) {
      if (vote !== undefined && vote.ballot > (highest?.ballot ?? 0)) highest = vote;
    }
    return highest;
  }

  /** A refusal came in: when so many refuse that no quorum is left, the ballot is lost. */
  refused(from: NodeId, ballot: Term, quorums: QuorumSystem, votes: ReadonlySet<NodeId>): void {
    if (ballot !== this.ballot || (this.phase !== 'prepare' && this.phase !== 'accept')) return;
    this.#refusals.add(from);
    const answerOf = (granted: { has(id: NodeId): boolean }) => (id: NodeId) => {
      if (granted.has(id)) return true;
      return this.#refusals.has(id) ? false : undefined;
    };
    const result =
      this.phase === 'prepare' ? quorums.phase1(answerOf(this.#promises)) : quorums.phase2(answerOf(votes));
    if (result === 'lost') this.#backOff();
  }

  /** One tick: answers that are overdue are asked for again; after a refusal, or enough waiting, in a higher ballot. */
  tick(): TickResult {
    if (this.phase === 'idle') return 'nothing';
    if (!this.#clock.tick()) return 'nothing';
    if (this.phase === 'waiting') return 'retry';
    if (this.#refusals.size > 0) {
      this.#backOff();
      return 'nothing';
    }
    this.#clock.waitForAnswers();
    return 'resend';
  }

  #backOff(): void {
    this.phase = 'waiting';
    this.#clock.backOff(this.#random);
  }
}
