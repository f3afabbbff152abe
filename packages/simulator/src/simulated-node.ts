/**
 * One node: an engine, a disk and a state machine, driven in the order that the effects contract makes law. It stands
 * in for the runtime of production, with virtual time in place of the real one, and every place at which a process can
 * die in between.
 */
import {
  type ConsensusEngine,
  type Effects,
  type EngineInput,
  type EngineMessage,
  type EngineStatus,
  type EngineTiming,
  invariant,
  type LogIndex,
  type LogPosition,
  type Membership,
  type MembershipChange,
  type NodeId,
  type Random,
  type SnapshotMeta,
  type StateMachine,
  type Term,
} from '@synod/core';
import { AppliedMachine, type CallEnd, type ChangeEnd } from './applied-machine.js';
import { exponential } from './drawing.js';
import { stepGuarded, takeEffectsGuarded } from './guarded-engine.js';
import { NodeClock } from './node-clock.js';
import { NodeSnapshots } from './node-snapshots.js';
import type { NodeStore, StopReason, StoreOwner } from './node-store.js';
import type { NodeSurroundings } from './node-surroundings.js';
import { PromiseCheck } from './promise-check.js';
import type { SimulatedDisk } from './simulated-disk.js';
import { Standstill } from './standstill.js';
import type { Subject } from './subject.js';
import { ToldState } from './told-state.js';
import { demand, guardEngine } from './violation.js';

/** One node of the simulated cluster. */
export class SimulatedNode<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
> {
  readonly id: NodeId;
  readonly store: NodeStore;
  readonly standstill: Standstill;
  readonly snapshots: NodeSnapshots<Message>;
  /** `starting` while the storage is opened, `stopping` while it is closed; `gone` for good. */
  state: 'up' | 'starting' | 'stopping' | 'down' | 'gone' = 'down';
  life = 0;
  /** Microseconds that every turn takes, of faults in force. */
  slowTurnUs = 0;
  slowSyncUs = 0;
  tickRate = 1;
  readonly #subject: Subject<Message, Machine, Input, Output>;
  readonly #around: NodeSurroundings<Message>;
  readonly #random: Random;
  readonly #readModes: Random;
  readonly #promises: PromiseCheck<Message>;
  readonly #told: ToldState;
  readonly #onStopped: (node: NodeId, why: StopReason) => void;
  #engine: ConsensusEngine<Message> | undefined;
  #isTurnPlanned = false;
  #isApplyPlanned = false;
  #isInTurn = false;
  #applied: AppliedMachine<Machine, Input, Output>;
  #calls = 0;
  readonly clock = new NodeClock((missed) =>
    this.step(missed === 0 ? { type: 'tick' } : { type: 'tick', missed }),
  );

  constructor(
    id: NodeId,
    subject: Subject<Message, Machine, Input, Output>,
    around: NodeSurroundings<Message>,
    random: Random,
    onStopped: (node: NodeId, why: StopReason) => void,
  ) {
    this.id = id;
    this.#subject = subject;
    this.#around = around;
    this.#random = random;
    this.#readModes = random.fork('read modes');
    this.#onStopped = onStopped;
    this.standstill = new Standstill(around.queue);
    this.store = around.createStore(this.#owner());
    this.#told = new ToldState(id, around.ledger, around.coverage);
    this.#promises = new PromiseCheck(id, subject.engine, around.ledger, this.disk);
    this.snapshots = new NodeSnapshots(this, around, (message, meta) =>
      subject.engine.codec.withSnapshot(message, meta),
    );
    this.#applied = this.#emptyMachine();
  }

  /** Whether its latest change of role made it leader. */
  get isLeader(): boolean {
    return this.#told.isLeader;
  }

  get term(): Term {
    return this.#told.term;
  }

  /** Whether it runs and is not paused. */
  get isAwake(): boolean {
    return this.state === 'up' && !this.standstill.isOn;
  }

  /** Whether its disk holds what it confirmed. */
  get isSound(): boolean {
    return this.state !== 'gone' && !this.store.isRotten;
  }

  /** Whether it is neither up nor down. */
  get isBetween(): boolean {
    return this.state === 'starting' || this.state === 'stopping';
  }

  /** What is durable for sure. */
  get disk(): SimulatedDisk {
    return this.store.disk;
  }

  /** Digest of the engine, for the trace hash. */
  fingerprint(): string {
    return this.#engine?.fingerprint() ?? '';
  }

  /** Whether its engine runs. */
  get isRunning(): boolean {
    return this.#engine !== undefined;
  }

  /** Index that the state machine stands at. */
  get machineIndex(): LogIndex {
    return this.#applied.index;
  }

  /** The same with the term of the entry there. */
  get machinePosition(): LogPosition {
    return { index: this.#applied.index, term: this.#applied.term };
  }

  /** The state as bytes. */
  stateBytes(): Uint8Array {
    return this.#applied.bytes();
  }

  /** The members that govern where the state machine stands. */
  appliedMembership(): Membership {
    const status = guardEngine(this.id, () => this.#requireEngine().status());
    return status.appliedMembership ?? status.membership;
  }

  /** Digest of the state machine. */
  stateDigest(): string {
    return this.#applied.digest();
  }

  /** Starts the process from what the disk holds. */
  start(): void {
    invariant(this.state === 'down', `${this.id} is down before it starts`);
    this.state = 'starting';
    this.life++;
    this.#applied = this.#emptyMachine();
    this.#told.commitIndex = 0;
    this.store.open((outcome) => {
      if (outcome === 'recovered') return this.#begin();
      // As in production: an operator must put the disk right, and nobody does in a storm.
      this.stop('failed');
      this.state = 'gone';
    });
  }

  /** Ends the process in good order: what it asked its storage for is done first. */
  shutDown(): void {
    if (this.state !== 'up') return;
    this.state = 'stopping';
    this.#told.isLeader = false;
    this.#engine = undefined;
    this.#applied.abandon();
    this.store.close(() => this.stop('shut down'));
  }

  /** Ends the process. What is not durable is lost, but for a beginning of what is under way. */
  stop(why: StopReason): void {
    if (this.state !== 'up' && !this.isBetween) return;
    this.state = 'down';
    this.#told.isLeader = false;
    this.store.end(why);
    this.#engine = undefined;
    this.#isTurnPlanned = false;
    this.#isApplyPlanned = false;
    this.#applied.abandon();
    this.standstill.end();
    this.clock.restart();
    this.#onStopped(this.id, why);
  }

  /** A client's command. */
  propose(data: Uint8Array, end: (end: CallEnd<Output>) => void): void {
    if (this.store.isFull) {
      this.#around.coverage.reach('proposal refused for want of room');
      return end({ type: 'refused', leader: undefined });
    }
    const proposal = ++this.#calls;
    this.#applied.awaitProposal(proposal, data, end);
    this.step({ type: 'propose', commands: [{ proposal, data }] });
  }

  /** A client's read. Half of them ask for the leader's lease where clocks can be trusted, and for a quorum elsewhere. */
  read(input: Input, end: (end: CallEnd<Output>) => void): void {
    const context = ++this.#calls;
    this.#applied.awaitRead(context, input, end);
    const special = this.#around.weather.clockDriftMax === undefined ? 'quorum' : 'lease';
    const mode = this.#readModes.chance(0.5) ? special : 'index';
    // As in production, the engine is told of all time that passed before it trusts a lease.
    if (mode === 'lease') this.clock.catchUp();
    this.step({ type: 'read', context, mode });
    // A stale answer says more than a lease too many, so the answer is judged first.
    if (mode === 'lease') this.#around.leases.asked(this);
  }

  /** An operator's wish. */
  changeMembership(change: MembershipChange, end: (end: ChangeEnd) => void): void {
    const proposal = ++this.#calls;
    this.#applied.awaitChange(proposal, end);
    this.step({ type: 'changeMembership', change, proposal });
  }

  /** What its engine says of itself; `undefined` while it does not run. */
  status(): EngineStatus | undefined {
    return this.#engine?.status();
  }

  /** A tick of its clock. */
  tick(): void {
    if (this.state === 'up') this.clock.tick(this.standstill.isOn);
  }

  /** Sets other timing. */
  retime(timing: EngineTiming): void {
    this.#around.coverage.reach('timing changed');
    this.step({ type: 'retime', timing });
  }

  /** Feeds one input; its effects follow in the same turn or the next. */
  step(input: EngineInput<Message>): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#around.onInput?.(this.id, this.life, input);
    stepGuarded(this.id, engine, input);
    const turnUs = this.#around.weather.turnUs + this.slowTurnUs;
    if (turnUs === 0) return this.settle();
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    this.#later(turnUs, () => {
      this.#isTurnPlanned = false;
      this.settle();
    });
  }

  /** Takes effects and carries them out until there are none, or too many saves are under way. */
  settle(): void {
    if (this.#isInTurn) return;
    this.#isInTurn = true;
    for (let rounds = 0; ; rounds++) {
      const engine = this.#engine;
      if (engine === undefined || this.store.saving >= this.#around.weather.savesInFlightMax) break;
      this.#around.onInput?.(this.id, this.life, { type: 'takeEffects' });
      const effects = takeEffectsGuarded(this.id, engine);
      if (effects === undefined) break;
      demand(rounds < 10_000, 'engine', () => `${this.id}: its effects never end`);
      this.#carryOut(effects);
    }
    this.#isInTurn = false;
  }

  #begin(): void {
    this.state = 'up';
    if (this.disk.snapshot !== undefined && this.life > 1)
      this.#around.coverage.reach('restart from a snapshot');
    this.#around.ledger.started(this.id, this.disk);
    const termBefore = this.#promises.durable()?.term ?? 0;
    this.#engine = guardEngine(this.id, () => this.#around.createEngine(this.id, this.life, this.disk));
    const { term, membership } = this.#engine.status();
    demand(
      term >= termBefore,
      'monotone',
      () => `${this.id} restarts in term ${term}, though its disk holds term ${termBefore}`,
    );
    this.#told.begin(term, membership);
    const timing = this.#around.timing();
    if (timing !== undefined) this.retime(timing);
    this.settle();
  }

  #carryOut(effects: Effects<Message>): void {
    const { save, sendNow, sendAfterSave } = effects;
    if (save !== undefined) {
      // What it wrote as leader of the term that it last told of: it may have lost that since, and follow another.
      const { isLeader, term } = this;
      if (isLeader && save.entries.some((entry) => entry.kind === 'membership' && entry.term === term))
        this.#around.ledger.changesMembers(this.id, term, this.#requireEngine().status().commitIndex);
      this.#around.ledger.wrote(this.id, save);
    }
    for (const event of effects.events) {
      this.#around.onEvent(this.id, this.isLeader, event);
      this.#told.hear(event);
    }
    this.#told.endTurn();
    for (const message of sendNow) this.#send(message);
    if (save !== undefined || (sendAfterSave.length > 0 && this.store.saving > 0)) this.#save(effects);
    else for (const message of sendAfterSave) this.#send(message);
    const installs: SnapshotMeta[] = [];
    for (const work of effects.snapshots) {
      if (work.type === 'install') installs.push(work.meta);
      else this.snapshots.offer(work);
    }
    this.#applied.add(installs, effects.committed, effects.reads);
    for (const refusal of effects.refused) this.#applied.refuse(refusal);
    this.#planApply();
  }

  #save({ save, sendAfterSave }: Effects<Message>): void {
    this.store.save(save, () => {
      if (this.#engine === undefined) return;
      if (save !== undefined) this.step({ type: 'saved', receipt: save.receipt });
      for (const message of sendAfterSave) this.#send(message);
    });
  }

  #send(message: Message): void {
    this.#promises.leaves(message);
    this.#around.send(message);
  }

  #planApply(): void {
    const { applyUs } = this.#around.weather;
    if (applyUs === 0) return this.#apply();
    if (this.#isApplyPlanned || !this.#applied.hasWork) return;
    this.#isApplyPlanned = true;
    this.#later(exponential(this.#random, applyUs), () => {
      this.#isApplyPlanned = false;
      if (this.#engine !== undefined) this.#apply();
      this.settle();
    });
  }

  #apply(): void {
    const before = this.#applied.appliedThrough;
    this.#applied.apply();
    const through = this.#applied.appliedThrough;
    if (through > before) {
      this.#around.onInput?.(this.id, this.life, { type: 'applied', through });
      const engine = this.#requireEngine();
      guardEngine(this.id, () => engine.step({ type: 'applied', through }));
      const { snapshotEvery } = this.#around.weather;
      if (snapshotEvery > 0 && through >= (this.disk.snapshot?.meta.index ?? 0) + snapshotEvery)
        this.snapshots.take();
    }
    this.#applied.answerReads();
  }

  #emptyMachine(): AppliedMachine<Machine, Input, Output> {
    const { id, disk } = this;
    const { workload } = this.#subject;
    return new AppliedMachine({ ...this.#around, id, workload, disk, isLeader: () => this.isLeader });
  }

  /** Plans work of this life of the process, which waits while the process is paused. */
  #later(delayUs: number, run: () => void, otherwise?: () => void): void {
    const { life } = this;
    const attempt = () => {
      if (this.life !== life || (this.state !== 'up' && !this.isBetween)) return otherwise?.();
      if (this.standstill.isOn) this.standstill.hold(attempt);
      else run();
    };
    this.#around.queue.after(delayUs, attempt);
  }

  #owner(): StoreOwner {
    const { coverage, weather } = this.#around;
    return {
      id: this.id,
      random: this.#random,
      coverage,
      meanSyncUs: () => weather.syncUs + this.slowSyncUs,
      later: (delayUs, run, otherwise) => this.#later(delayUs, run, otherwise),
      stop: (why) => this.stop(why),
      settle: () => this.settle(),
    };
  }

  #requireEngine(): ConsensusEngine<Message> {
    invariant(this.#engine !== undefined, `${this.id} runs`);
    return this.#engine;
  }
}
