/**
 * One node of CASPaxos registers: every node may change every register, there is no leader and no log, and each key is
 * a Synod of its own whose value is replaced again and again (Rystsov, CASPaxos: Replicated State Machines without logs,
 * 2018).
 */
import {
  decodeUtf8,
  encodeUtf8,
  InvalidArgumentError,
  invariant,
  type Member,
  type NodeId,
  Random,
  type Term,
  unreachable,
  votersOf,
} from '@synod/core';
import { ballotOf, roundOf } from '../ballot.js';
import { QuorumSystem } from '../quorum-system.js';
import type {
  RegisterAnswer,
  RegisterEffects,
  RegisterInput,
  RegisterSave,
  RegisterStatus,
} from './effects.js';
import { KeyProposer, type PreparedBallot } from './key-proposer.js';
import type {
  RegisterAccept,
  RegisterAccepted,
  RegisterMessage,
  RegisterPrepare,
  RegisterPromise,
} from './messages.js';
import { type RegisterOptions, type RegisterSettings, settle } from './options.js';
import { RegisterAcceptor } from './register-acceptor.js';
import { isSound } from './sound-message.js';

/** An answer of the node's own acceptor that waits for the disk. */
interface OwnAnswer {
  readonly sequence: number;
  readonly message: RegisterPromise | RegisterAccepted;
}

/**
 * A node of CASPaxos registers, as a pure state machine.
 *
 * @example A counter on one node, driven by hand.
 * ```ts
 * const node = new RegisterNode({ id: 'a', membership: createMembership(['a']), seed: 1 });
 * const increment = (current?: Uint8Array) => Uint8Array.of((current?.[0] ?? 0) + 1);
 * node.step({ type: 'change', id: 1, key: 'visits', change: increment });
 * for (let effects = node.takeEffects(); effects !== undefined; effects = node.takeEffects()) {
 *   // ... make effects.save durable here, and only then:
 *   if (effects.save !== undefined) node.step({ type: 'saved', sequence: effects.save.sequence });
 *   effects.answers; // at last: [{ type: 'changed', id: 1, before: undefined, after: Uint8Array [1] }]
 * }
 * ```
 */
export class RegisterNode {
  /** This node. */
  readonly id: NodeId;
  readonly #settings: RegisterSettings;
  readonly #quorums: QuorumSystem;
  readonly #ordinals: ReadonlyMap<NodeId, Member['ordinal']>;
  readonly #random: Random;
  readonly #acceptors = new Map<string, RegisterAcceptor>();
  /** Proposers with changes to carry out. */
  readonly #active = new Map<string, KeyProposer>();
  /** Proposers without, kept for the ballots that they were promised; the one that rests longest comes first. */
  readonly #resting = new Map<string, KeyProposer>();
  /** Highest round issued or heard of. */
  #round: number;
  /** Highest round that may be issued once the saves so far are durable, and that may be issued now. */
  #reserved: number;
  #reservedDurably: number;
  #isReservationDirty = false;
  readonly #dirtyKeys = new Set<string>();
  readonly #savesUnderWay: RegisterSave[] = [];
  #sequence = 0;
  #pending = 0;
  #ownAnswers: OwnAnswer[] = [];
  #sendNow: RegisterMessage[] = [];
  #sendAfterSave: RegisterMessage[] = [];
  #answers: RegisterAnswer[] = [];

  /**
   * @param options - Who it is, what it remembers, and its limits.
   * @throws InvalidArgumentError when an option is out of its range or the node is no member.
   * @throws {@link DisjointQuorumsError} when the quorums of the two phases can miss each other.
   * @throws DecodeError when what was recovered is no state of a register.
   */
  constructor(options: RegisterOptions) {
    this.id = options.id;
    this.#settings = settle(options);
    this.#quorums = new QuorumSystem(votersOf(options.membership), options.quorums);
    this.#ordinals = new Map(options.membership.members.map(({ id, ordinal }) => [id, ordinal]));
    if (!this.#ordinals.has(options.id)) {
      throw new InvalidArgumentError(
        `node ${options.id} is no member: give it an ordinal in the membership, as a learner if it shall not vote`,
      );
    }
    this.#random = new Random(options.seed);
    const { roundsThrough = 0, records = [] } = options.recovered ?? {};
    this.#round = roundsThrough;
    for (const { key, state } of records) {
      const acceptor = RegisterAcceptor.decode(state);
      this.#acceptors.set(key, acceptor);
      this.#heard(acceptor.promised);
    }
    this.#reserved = roundsThrough;
    this.#reservedDurably = roundsThrough;
  }

  /**
   * Feeds one input; the only way anything changes. Never throws on a peer's message.
   *
   * @param input - What happened.
   * @throws InvariantViolation when the caller broke the contract: the node must stop.
   */
  step(input: RegisterInput): void {
    switch (input.type) {
      case 'change':
        return this.#change(input);
      case 'receive':
        return this.#receive(input.message);
      case 'saved':
        return this.#saved(input.sequence);
      case 'tick':
        for (const proposer of [...this.#active.values()]) this.#tick(proposer);
        return;
      default:
        return unreachable(input);
    }
  }

  /** Takes everything to be done, or `undefined` when there is nothing. */
  takeEffects(): RegisterEffects | undefined {
    const save = this.#takeSave();
    const isEmpty = this.#sendNow.length + this.#sendAfterSave.length + this.#answers.length === 0;
    if (save === undefined && isEmpty) return undefined;
    const effects = {
      save,
      sendNow: this.#sendNow,
      sendAfterSave: this.#sendAfterSave,
      answers: this.#answers,
    };
    this.#sendNow = [];
    this.#sendAfterSave = [];
    this.#answers = [];
    return effects;
  }

  /**
   * What the node knows of one register.
   *
   * @param key - The register.
   */
  status(key: string): RegisterStatus {
    const proposer = this.#active.get(key) ?? this.#resting.get(key);
    return {
      promised: this.#acceptors.get(key)?.promised ?? 0,
      hasPromise: proposer?.hasPromise ?? false,
      pending: proposer?.pending ?? 0,
    };
  }

  #change({ id, key, change }: Extract<RegisterInput, { readonly type: 'change' }>): void {
    const { keyLengthMax, pendingMax } = this.#settings;
    if (!this.#isKey(key)) {
      const reason = `key has ${key.length} UTF-16 code units: well-formed text of 1 to ${keyLengthMax} is allowed (keyLengthMax)`;
      this.#answers.push({ type: 'refused', id, code: 'TOO_LARGE', effect: 'none', reason });
      return;
    }
    if (this.#pending >= pendingMax) {
      const reason = `${this.#pending} changes wait already: at most ${pendingMax} may (pendingMax)`;
      this.#answers.push({ type: 'refused', id, code: 'OVERLOADED', effect: 'none', reason });
      return;
    }
    const proposer = this.#active.get(key) ?? this.#resting.get(key) ?? new KeyProposer(key, this.#settings);
    this.#resting.delete(key);
    this.#active.set(key, proposer);
    proposer.add({ id, change });
    this.#pending++;
    if (proposer.phase === 'idle') this.#begin(proposer);
  }

  #isKey(key: string): boolean {
    return key.length > 0 && key.length <= this.#settings.keyLengthMax && decodeUtf8(encodeUtf8(key)) === key;
  }

  /** A ballot that was promised together with the last votes saves a round trip. */
  #begin(proposer: KeyProposer): void {
    const held = proposer.takeHeld();
    if (held === undefined) this.#prepare(proposer);
    else this.#propose(proposer, held);
  }

  /** Phase 1a. */
  #prepare(proposer: KeyProposer): void {
    const { key } = proposer;
    const ballot = this.#issue();
    proposer.begin(ballot);
    const acceptor = this.#acceptor(key);
    if (acceptor?.prepare(ballot) === true) {
      this.#dirtyKeys.add(key);
      const { vote } = acceptor;
      this.#answerOneself({ from: this.id, to: this.id, type: 'promise', key, ballot, vote });
    }
    this.#sendRequests(proposer);
  }

  /** A ballot above all that were issued here, also in earlier lives, and above all that were heard of. */
  #issue(): Term {
    this.#round++;
    if (this.#round > this.#reserved) {
      this.#reserved = this.#round + this.#settings.reservedRounds - 1;
      this.#isReservationDirty = true;
    }
    return ballotOf(this.#round, this.#ordinals.get(this.id) ?? 0);
  }

  #acceptor(key: string): RegisterAcceptor | undefined {
    let acceptor = this.#acceptors.get(key);
    if (acceptor === undefined && this.#acceptors.size < this.#settings.registersMax) {
      acceptor = new RegisterAcceptor();
      this.#acceptors.set(key, acceptor);
    }
    return acceptor;
  }

  #answerOneself(message: OwnAnswer['message']): void {
    this.#ownAnswers.push({ sequence: this.#sequence + 1, message });
  }

  /** To all voters that have not answered. A ballot may be seen by others once it is durable that it is used. */
  #sendRequests(proposer: KeyProposer): void {
    const { key, ballot, next, value, phase } = proposer;
    const highest = phase === 'accept' ? Math.max(ballot, next) : ballot;
    const queue = roundOf(highest) <= this.#reservedDurably ? this.#sendNow : this.#sendAfterSave;
    for (const to of this.#quorums.voters) {
      if (to === this.id || proposer.hasAnswer(to)) continue;
      if (phase === 'prepare') queue.push({ from: this.id, to, type: 'prepare', key, ballot });
      else queue.push({ from: this.id, to, type: 'accept', key, ballot, value, next });
    }
  }

  #receive(message: RegisterMessage): void {
    invariant(message.to === this.id, `a message for ${message.to} is not stepped at ${this.id}`);
    if (!isSound(message, this.#ordinals.get(message.from), this.#settings)) return;
    switch (message.type) {
      case 'prepare':
        return this.#receivePrepare(message);
      case 'accept':
        return this.#receiveAccept(message);
      case 'promise':
        return this.#receivePromise(message);
      case 'accepted':
        return this.#receiveVote(message);
      case 'refused':
        this.#heard(message.promised);
        this.#active.get(message.key)?.refused(message.from, message.ballot, this.#quorums, this.#random);
        return;
      default:
        return unreachable(message);
    }
  }

  #heard(ballot: Term): void {
    this.#round = Math.max(this.#round, roundOf(ballot));
  }

  #receivePrepare({ from, key, ballot }: RegisterPrepare): void {
    const acceptor = this.#acceptor(key);
    if (acceptor === undefined) return;
    const before = acceptor.promised;
    if (!acceptor.prepare(ballot)) return this.#refuse(from, key, ballot, acceptor);
    this.#outbid(key, ballot);
    if (acceptor.promised !== before) this.#dirtyKeys.add(key);
    this.#sendAfterSave.push({ from: this.id, to: from, type: 'promise', key, ballot, vote: acceptor.vote });
  }

  #receiveAccept({ from, key, ballot, value, next }: RegisterAccept): void {
    const acceptor = this.#acceptor(key);
    if (acceptor === undefined) return;
    const before = acceptor.vote;
    if (!acceptor.accept(ballot, value, next)) return this.#refuse(from, key, ballot, acceptor);
    this.#outbid(key, next);
    if (acceptor.vote !== before) this.#dirtyKeys.add(key);
    this.#sendAfterSave.push({ from: this.id, to: from, type: 'accepted', key, ballot });
  }

  #refuse(to: NodeId, key: string, ballot: Term, { promised }: RegisterAcceptor): void {
    this.#sendAfterSave.push({ from: this.id, to, type: 'refused', key, ballot, promised });
  }

  #outbid(key: string, ballot: Term): void {
    this.#heard(ballot);
    this.#resting.get(key)?.outbidBy(ballot);
  }

  #receivePromise({ from, key, ballot, vote }: RegisterPromise): void {
    const proposer = this.#active.get(key);
    const prepared = proposer?.promised(from, ballot, vote, this.#quorums);
    if (proposer !== undefined && prepared !== undefined) this.#propose(proposer, prepared);
  }

  /** Phase 2a. */
  #propose(proposer: KeyProposer, prepared: PreparedBallot): void {
    const { key } = proposer;
    const next = this.#issue();
    const answers: RegisterAnswer[] = [];
    const proposes = proposer.propose(prepared, next, this.#settings, answers);
    this.#answer(answers);
    if (!proposes) return this.#settled(proposer);
    const { ballot, value } = proposer;
    this.#sendRequests(proposer);
    const acceptor = this.#acceptor(key);
    if (acceptor === undefined) return;
    if (!acceptor.accept(ballot, value, next))
      return proposer.refused(this.id, ballot, this.#quorums, this.#random);
    this.#dirtyKeys.add(key);
    this.#answerOneself({ from: this.id, to: this.id, type: 'accepted', key, ballot });
  }

  #answer(answers: readonly RegisterAnswer[]): void {
    this.#pending -= answers.length;
    this.#answers.push(...answers);
  }

  /** Votes that come when the value is chosen already may still complete the promise of the next ballot. */
  #receiveVote({ from, key, ballot }: RegisterAccepted): void {
    const proposer = this.#active.get(key) ?? this.#resting.get(key);
    const answers = proposer?.voted(from, ballot, this.#quorums);
    if (proposer === undefined || answers === undefined) return;
    this.#answer(answers);
    this.#settled(proposer);
  }

  /** A round is over: the next one begins, or the proposer rests. */
  #settled(proposer: KeyProposer): void {
    if (proposer.pending > 0) return this.#begin(proposer);
    const { key } = proposer;
    this.#active.delete(key);
    this.#resting.set(key, proposer);
    if (this.#resting.size <= this.#settings.promisedKeysMax) return;
    const [longest] = this.#resting.keys();
    if (longest !== undefined) this.#resting.delete(longest);
  }

  #saved(sequence: number): void {
    const save = this.#savesUnderWay.shift();
    invariant(save?.sequence === sequence, `save ${sequence} is the oldest that was asked for`);
    this.#reservedDurably = save.roundsThrough ?? this.#reservedDurably;
    while ((this.#ownAnswers[0]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) {
      const message = this.#ownAnswers.shift()?.message;
      if (message?.type === 'promise') this.#receivePromise(message);
      else if (message !== undefined) this.#receiveVote(message);
    }
  }

  #tick(proposer: KeyProposer): void {
    const result = proposer.tick(this.#random);
    if (result === 'retry') this.#prepare(proposer);
    else if (result === 'resend') this.#sendRequests(proposer);
  }

  #takeSave(): RegisterSave | undefined {
    if (this.#dirtyKeys.size === 0 && !this.#isReservationDirty) return undefined;
    const records = Array.from(this.#dirtyKeys, (key) => ({
      key,
      state: this.#acceptors.get(key)?.encode() ?? new Uint8Array(0),
    }));
    const roundsThrough = this.#isReservationDirty ? this.#reserved : undefined;
    const save = { sequence: ++this.#sequence, roundsThrough, records };
    this.#dirtyKeys.clear();
    this.#isReservationDirty = false;
    this.#savesUnderWay.push(save);
    return save;
  }
}
