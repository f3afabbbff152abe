/**
 * One node of a single-decree Synod: proposer, acceptor and learner behind one door in and one door out. All nodes
 * together choose one value, once (Lamport, Paxos Made Simple, 2001, §2).
 *
 * The node's own answers to its own proposer take no network, but they wait for the disk like all others.
 */
import {
  type Fingerprint,
  FingerprintBuilder,
  type FingerprintView,
  InvalidArgumentError,
  invariant,
  type Member,
  type NodeId,
  Random,
  type Term,
  unreachable,
  votersOf,
} from '@synod/core';
import { isPlausibleBallot, nextBallot, ordinalOf } from '../ballot.js';
import { QuorumSystem } from '../quorum-system.js';
import { Acceptor } from './acceptor.js';
import type { SynodEffects, SynodInput, SynodOutcome, SynodSave, SynodStatus } from './effects.js';
import { Learner } from './learner.js';
import type { SynodAccept, SynodMessage, SynodPrepare, SynodPromise, SynodRefused } from './messages.js';
import { type SynodOptions, type SynodSettings, settle } from './options.js';
import { Proposer } from './proposer.js';
import { decodeSynodRecord, encodeSynodRecord } from './synod-record.js';

/** An answer of the node's own acceptor that waits for the disk. */
interface OwnAnswer {
  readonly sequence: number;
  readonly message: SynodPromise | { readonly type: 'accepted'; readonly ballot: Term };
}

interface Parts {
  readonly acceptor: Acceptor;
  readonly proposer: Proposer;
  readonly learner: Learner;
}

/**
 * A node of a single-decree Synod, as a pure, deterministic state machine.
 *
 * @example A Synod of one, driven by hand.
 * ```ts
 * const node = new SynodNode({ id: 'a', membership: createMembership(['a']), seed: 1 });
 * node.step({ type: 'propose', value: Uint8Array.of(7) });
 * for (let effects = node.takeEffects(); effects !== undefined; effects = node.takeEffects()) {
 *   // ... make effects.save durable here, and only then:
 *   if (effects.save !== undefined) node.step({ type: 'saved', sequence: effects.save.sequence });
 * }
 * node.status().decided; // Uint8Array [7]
 * ```
 */
export class SynodNode {
  /** This node. */
  readonly id: NodeId;
  readonly #options: SynodOptions;
  readonly #settings: SynodSettings;
  readonly #quorums: QuorumSystem;
  readonly #ordinals: ReadonlyMap<NodeId, Member['ordinal']>;
  #parts: Parts;
  #decided: Uint8Array | undefined;
  /** Highest ballot heard of. */
  #heard: Term;
  #isDirty = false;
  #sequence = 0;
  #savedThrough = 0;
  #ownAnswers: OwnAnswer[] = [];
  #sendNow: SynodMessage[] = [];
  #sendAfterSave: SynodMessage[] = [];
  #outcomes: SynodOutcome[] = [];

  /**
   * @param options - Who it is, what it remembers, and its limits.
   * @throws InvalidArgumentError when an option is out of its range or the node is no member.
   * @throws {@link DisjointQuorumsError} when the quorums of the two phases can miss each other.
   * @throws DecodeError when what was recovered is no record.
   */
  constructor(options: SynodOptions) {
    this.id = options.id;
    this.#options = options;
    this.#settings = settle(options);
    this.#quorums = new QuorumSystem(votersOf(options.membership), options.quorums);
    this.#ordinals = new Map(options.membership.members.map(({ id, ordinal }) => [id, ordinal]));
    if (!this.#ordinals.has(options.id)) {
      throw new InvalidArgumentError(
        `node ${options.id} is no member: give it an ordinal in the membership, as a learner if it shall not vote`,
      );
    }
    const record = options.recovered === undefined ? undefined : decodeSynodRecord(options.recovered);
    this.#parts = {
      acceptor: new Acceptor(record?.promised, record?.vote),
      proposer: new Proposer(this.#settings, new Random(options.seed)),
      learner: new Learner(),
    };
    this.#decided = record?.decided;
    this.#heard = record?.promised ?? 0;
  }

  /**
   * Feeds one input; the only way anything changes. Never throws on a peer's message.
   *
   * @param input - What happened.
   * @throws InvalidArgumentError when a proposed value is longer than `valueBytesMax`: nothing was done.
   * @throws InvariantViolation when the caller broke the contract: the node must stop.
   */
  step(input: SynodInput): void {
    switch (input.type) {
      case 'propose':
        return this.#propose(input.value);
      case 'learn':
        return this.#decided === undefined ? this.#begin() : this.#tell(this.#decided);
      case 'receive':
        return this.#receive(input.message);
      case 'saved':
        return this.#saved(input.sequence);
      case 'tick':
        return this.#tick();
      case 'retry':
        if (this.#parts.proposer.phase !== 'idle') this.#beginAnew();
        return;
      default:
        return unreachable(input);
    }
  }

  /** Takes everything to be done, or `undefined` when there is nothing. */
  takeEffects(): SynodEffects | undefined {
    const save = this.#takeSave();
    const isEmpty = this.#sendNow.length + this.#sendAfterSave.length + this.#outcomes.length === 0;
    if (save === undefined && isEmpty) return undefined;
    const effects = {
      save,
      sendNow: this.#sendNow,
      sendAfterSave: this.#sendAfterSave,
      outcomes: this.#outcomes,
    };
    this.#sendNow = [];
    this.#sendAfterSave = [];
    this.#outcomes = [];
    return effects;
  }

  /** What the node knows of itself. */
  status(): SynodStatus {
    const { proposer, acceptor } = this.#parts;
    return {
      phase: proposer.phase,
      ballot: proposer.ballot,
      promised: acceptor.promised,
      decided: this.#decided,
    };
  }

  /** An independent copy, effects that were not taken included. */
  clone(): SynodNode {
    const copy = new SynodNode(this.#options);
    const { acceptor, proposer, learner } = this.#parts;
    copy.#parts = { acceptor: acceptor.clone(), proposer: proposer.clone(), learner: learner.clone() };
    copy.#decided = this.#decided;
    copy.#heard = this.#heard;
    copy.#isDirty = this.#isDirty;
    copy.#sequence = this.#sequence;
    copy.#savedThrough = this.#savedThrough;
    copy.#ownAnswers = [...this.#ownAnswers];
    copy.#sendNow = [...this.#sendNow];
    copy.#sendAfterSave = [...this.#sendAfterSave];
    copy.#outcomes = [...this.#outcomes];
    return copy;
  }

  /**
   * Digest of everything that can influence what the node ever does.
   *
   * @param view - What to leave out, and under which names. Without it nothing, and their own.
   */
  fingerprint(view: FingerprintView = {}): Fingerprint {
    const digest = new FingerprintBuilder();
    const { acceptor, proposer, learner } = this.#parts;
    digest.number(acceptor.promised).plain(acceptor.vote).plain(this.#decided);
    digest.number(this.#heard).boolean(this.#isDirty);
    if (view.untimed !== true) digest.number(this.#sequence);
    digest.number(this.#sequence - this.#savedThrough);
    digest.plain(this.#ownAnswers.map(({ sequence, message }) => [this.#sequence - sequence, message]));
    proposer.addTo(digest, view);
    learner.addTo(digest, view);
    return digest.plain([this.#sendNow, this.#sendAfterSave, this.#outcomes]).digest();
  }

  #propose(value: Uint8Array): void {
    if (value.length > this.#settings.valueBytesMax) {
      throw new InvalidArgumentError(
        `value has ${value.length} bytes: at most ${this.#settings.valueBytesMax} are allowed (valueBytesMax)`,
      );
    }
    if (this.#decided !== undefined) return this.#tell(this.#decided);
    this.#parts.proposer.value ??= value;
    this.#begin();
  }

  #tell(value: Uint8Array): void {
    this.#outcomes.push({ type: 'decided', value });
  }

  /** A ballot that is under way serves a later wish too. */
  #begin(): void {
    if (this.#parts.proposer.phase === 'idle') this.#beginAnew();
  }

  /** Phase 1a. The own promise makes the ballot durable before anybody hears of it: it is never issued again. */
  #beginAnew(): void {
    const { proposer, acceptor } = this.#parts;
    const highest = Math.max(this.#heard, acceptor.promised, proposer.ballot);
    const ballot = nextBallot(highest, this.#ordinals.get(this.id) ?? 0);
    proposer.begin(ballot);
    acceptor.prepare(ballot);
    this.#isDirty = true;
    this.#answerOneself({ from: this.id, to: this.id, type: 'promise', ballot, vote: acceptor.vote });
    this.#sendPrepares();
  }

  #sendPrepares(): void {
    const { proposer } = this.#parts;
    for (const to of this.#quorums.voters) {
      if (to === this.id || proposer.hasPromise(to)) continue;
      this.#sendAfterSave.push({ from: this.id, to, type: 'prepare', ballot: proposer.ballot });
    }
  }

  #answerOneself(message: OwnAnswer['message']): void {
    this.#ownAnswers.push({ sequence: this.#sequence + 1, message });
  }

  #receive(message: SynodMessage): void {
    invariant(message.to === this.id, `a message for ${message.to} is not stepped at ${this.id}`);
    if (!this.#isSound(message)) return;
    if (message.type === 'decided') return this.#decide(message.value);
    if (this.#decided !== undefined) {
      if (message.type === 'prepare' || message.type === 'accept') this.#sendDecision(message.from);
      return;
    }
    const { proposer, learner } = this.#parts;
    switch (message.type) {
      case 'prepare':
        return this.#receivePrepare(message);
      case 'accept':
        return this.#receiveAccept(message);
      case 'promise':
        return this.#receivePromise(message);
      case 'accepted':
        return this.#receiveVote(message.from, message.ballot);
      case 'refused':
        this.#heard = Math.max(this.#heard, message.promised);
        return proposer.refused(message.from, message.ballot, this.#quorums, learner.votes);
      default:
        return unreachable(message);
    }
  }

  /** Whether a member may send this: ballots are their owners', values have a limit. What is not sound is dropped. */
  #isSound(message: SynodMessage): boolean {
    const ordinal = this.#ordinals.get(message.from);
    if (ordinal === undefined) return false;
    const { valueBytesMax } = this.#settings;
    if (message.type === 'decided') return message.value.length <= valueBytesMax;
    if (!isPlausibleBallot(message.ballot)) return false;
    const isRequest = message.type === 'prepare' || message.type === 'accept';
    if (isRequest && ordinalOf(message.ballot) !== ordinal) return false;
    if (message.type === 'accept') return message.value.length <= valueBytesMax;
    if (message.type === 'refused')
      return isPlausibleBallot(message.promised) && message.promised > message.ballot;
    if (message.type !== 'promise' || message.vote === undefined) return true;
    const { ballot, value } = message.vote;
    return isPlausibleBallot(ballot) && ballot < message.ballot && value.length <= valueBytesMax;
  }

  #receivePrepare({ from, ballot }: SynodPrepare): void {
    const { acceptor } = this.#parts;
    const before = acceptor.promised;
    if (!acceptor.prepare(ballot)) return this.#refuse(from, ballot);
    this.#heard = Math.max(this.#heard, ballot);
    if (acceptor.promised !== before) this.#isDirty = true;
    this.#sendAfterSave.push({ from: this.id, to: from, type: 'promise', ballot, vote: acceptor.vote });
  }

  #receiveAccept({ from, ballot, value }: SynodAccept): void {
    const { acceptor } = this.#parts;
    const before = acceptor.vote;
    if (!acceptor.accept(ballot, value)) return this.#refuse(from, ballot);
    this.#heard = Math.max(this.#heard, ballot);
    if (acceptor.vote !== before) this.#isDirty = true;
    this.#sendAfterSave.push({ from: this.id, to: from, type: 'accepted', ballot });
  }

  #refuse(to: NodeId, ballot: Term): void {
    const message: SynodRefused = {
      from: this.id,
      to,
      type: 'refused',
      ballot,
      promised: this.#parts.acceptor.promised,
    };
    this.#sendAfterSave.push(message);
  }

  #receivePromise({ from, ballot, vote }: SynodPromise): void {
    const { proposer } = this.#parts;
    const result = proposer.promised(from, ballot, vote, this.#quorums);
    if (result === 'open') return;
    if (result !== 'nothing') return this.#proposeInBallot(result.ballot, result.value);
    proposer.end();
    this.#outcomes.push({ type: 'nothing' });
  }

  /** Phase 2a. The request may travel while the own vote is saved: it relies on nothing that the disk lacks. */
  #proposeInBallot(ballot: Term, value: Uint8Array): void {
    const { acceptor, learner, proposer } = this.#parts;
    learner.count({ ballot, value });
    this.#sendAccepts(value);
    if (acceptor.accept(ballot, value)) {
      this.#isDirty = true;
      this.#answerOneself({ type: 'accepted', ballot });
    } else {
      proposer.refused(this.id, ballot, this.#quorums, learner.votes);
    }
  }

  #sendAccepts(value: Uint8Array): void {
    const { proposer, learner } = this.#parts;
    for (const to of this.#quorums.voters) {
      if (to === this.id || learner.votes.has(to)) continue;
      this.#sendNow.push({ from: this.id, to, type: 'accept', ballot: proposer.ballot, value });
    }
  }

  #receiveVote(from: NodeId, ballot: Term): void {
    const value = this.#parts.learner.voted(from, ballot, this.#quorums);
    if (value === undefined) return;
    this.#decide(value);
    for (const to of this.#ordinals.keys()) if (to !== this.id) this.#sendDecision(to);
  }

  #sendDecision(to: NodeId): void {
    if (this.#decided !== undefined)
      this.#sendNow.push({ from: this.id, to, type: 'decided', value: this.#decided });
  }

  #decide(value: Uint8Array): void {
    if (this.#decided !== undefined) return;
    this.#decided = value;
    this.#isDirty = true;
    this.#parts.proposer.end();
    this.#tell(value);
  }

  #saved(sequence: number): void {
    const isNext = sequence > this.#savedThrough && sequence <= this.#sequence;
    invariant(isNext, `save ${sequence} was asked for and not confirmed before`);
    this.#savedThrough = sequence;
    while ((this.#ownAnswers[0]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) {
      const message = this.#ownAnswers.shift()?.message;
      if (message === undefined || this.#decided !== undefined) continue;
      if (message.type === 'promise') this.#receivePromise(message);
      else this.#receiveVote(this.id, message.ballot);
    }
  }

  #tick(): void {
    const { proposer } = this.#parts;
    const result = proposer.tick();
    if (result === 'retry') return this.#beginAnew();
    if (result !== 'resend') return;
    if (proposer.phase === 'prepare') this.#sendPrepares();
    else if (proposer.proposed !== undefined) this.#sendAccepts(proposer.proposed);
  }

  #takeSave(): SynodSave | undefined {
    if (!this.#isDirty) return undefined;
    this.#isDirty = false;
    const { promised, vote } = this.#parts.acceptor;
    return {
      sequence: ++this.#sequence,
      record: encodeSynodRecord({ promised, vote, decided: this.#decided }),
    };
  }
}
