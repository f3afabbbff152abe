/**
 * One node: an engine, a disk and a state machine, driven in the order that the effects contract makes law. It stands
 * in for the runtime of production, with virtual time in place of the real one, and every place at which a process can
 * die in between.
 */
import {
  type ConsensusEngine,
  type Effects,
  type EngineEvent,
  type EngineInput,
  type EngineMessage,
  invariant,
  type LogIndex,
  type NodeId,
  type Random,
  type SnapshotMeta,
  type StateMachine,
  type Term,
} from '@synod/core';
import { AppliedMachine, type CallEnd } from './applied-machine.js';
import { exponential } from './drawing.js';
import { reachEvent } from './event-coverage.js';
import type { NodeStore, StopReason, StoreOwner } from './node-store.js';
import type { NodeSurroundings } from './node-surroundings.js';
import { demandRise } from './safety-ledger.js';
import type { SimulatedDisk, StoredSnapshot } from './simulated-disk.js';
import { Standstill } from './standstill.js';
import type { Subject } from './subject.js';
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
  /** `starting` while the storage is opened, `stopping` while it is closed; `gone` for good. */
  state: 'up' | 'starting' | 'stopping' | 'down' | 'gone' = 'down';
  life = 0;
  /** Whether its latest change of role made it leader. */
  isLeader = false;
  term: Term = 0;
  /** Microseconds that every turn takes, of faults in force. */
  slowTurnUs = 0;
  slowSyncUs = 0;
  tickRate = 1;
  readonly #subject: Subject<Message, Machine, Input, Output>;
  readonly #around: NodeSurroundings<Message>;
  readonly #random: Random;
  readonly #onStopped: (node: NodeId, why: StopReason) => void;
  #engine: ConsensusEngine<Message> | undefined;
  #commitIndex: LogIndex = 0;
  #isTurnPlanned = false;
  #isApplyPlanned = false;
  #isInTurn = false;
  #isSnapshotting = false;
  #applied: AppliedMachine<Machine, Input, Output>;
  #calls = 0;

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
    this.#onStopped = onStopped;
    this.standstill = new Standstill(around.queue);
    this.store = around.createStore(this.#owner());
    this.#applied = this.#emptyMachine();
  }

  /** Whether it runs and is not paused. */
  get isAwake(): boolean {
    return this.state === 'up' && !this.standstill.isOn;
  }

  /** Whether it is neither up nor down. */
  get isBetween(): boolean {
    return this.state === 'starting' || this.state === 'stopping';
  }

  get isSaving(): boolean {
    return this.store.saving > 0;
  }

  /** What is durable for sure. */
  get disk(): SimulatedDisk {
    return this.store.disk;
  }

  /** Digest of the engine, for the trace hash. */
  fingerprint(): string {
    return this.#engine?.fingerprint() ?? '';
  }

  /** Index that the state machine stands at. */
  get machineIndex(): LogIndex {
    return this.#applied.index;
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
    this.#commitIndex = 0;
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
    this.isLeader = false;
    this.#engine = undefined;
    this.#applied.abandon();
    this.store.close(() => this.stop('shut down'));
  }

  /** Ends the process. What is not durable is lost, but for a beginning of what is under way. */
  stop(why: StopReason): void {
    if (this.state !== 'up' && !this.isBetween) return;
    this.state = 'down';
    this.isLeader = false;
    this.store.end(why);
    this.#engine = undefined;
    this.#isTurnPlanned = false;
    this.#isApplyPlanned = false;
    this.#isSnapshotting = false;
    this.#applied.abandon();
    this.standstill.end();
    this.#onStopped(this.id, why);
  }

  /** A client's command. */
  propose(data: Uint8Array, end: (end: CallEnd<Output>) => void): void {
    const proposal = ++this.#calls;
    this.#applied.awaitProposal(proposal, data, end);
    this.step({ type: 'propose', commands: [{ proposal, data }] });
  }

  /** A client's read. */
  read(input: Input, end: (end: CallEnd<Output>) => void): void {
    const context = ++this.#calls;
    this.#applied.awaitRead(context, input, end);
    this.step({ type: 'read', context, mode: 'index' });
  }

  /** Feeds one input; its effects follow in the same turn or the next. */
  step(input: EngineInput<Message>): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#around.onInput?.(this.id, this.life, input);
    guardEngine(this.id, () => engine.step(input));
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
      const effects = guardEngine(this.id, () => engine.takeEffects());
      if (effects === undefined) break;
      demand(rounds < 10_000, 'engine', () => `${this.id}: its effects never end`);
      this.#carryOut(effects);
    }
    this.#isInTurn = false;
  }

  /** Takes a snapshot now, as an operator or the snapshot policy asks. */
  takeSnapshot(): void {
    const index = this.machineIndex;
    if (
      this.state !== 'up' ||
      this.#isSnapshotting ||
      index === 0 ||
      index <= (this.disk.snapshot?.meta.index ?? 0)
    )
      return;
    const status = guardEngine(this.id, () => this.#requireEngine().status());
    const membership = status.appliedMembership ?? status.membership;
    const meta: SnapshotMeta = { index, term: this.#applied.term, membership };
    const bytes = this.#applied.bytes();
    this.#isSnapshotting = true;
    const { life } = this;
    this.store.storeSnapshot({ meta, bytes }, (fate) => {
      if (this.life !== life) return;
      this.#isSnapshotting = false;
      if (fate !== 'stored') return;
      this.#around.coverage.reach('snapshot taken');
      this.step({ type: 'snapshotSaved', meta });
    });
  }

  /** A snapshot from a peer has arrived: it is stored, then its message is stepped. */
  receiveSnapshot(snapshot: StoredSnapshot, message: Message, done: (stored: boolean) => void): void {
    this.store.storeSnapshot(snapshot, (fate) => {
      if (fate === 'failed' || this.#engine === undefined) return done(false);
      this.step({ type: 'receive', message });
      done(true);
    });
  }

  #begin(): void {
    this.state = 'up';
    if (this.disk.snapshot !== undefined && this.life > 1)
      this.#around.coverage.reach('restart from a snapshot');
    this.#around.ledger.started(this.id, this.disk);
    const termBefore = this.#durablePromise()?.term ?? 0;
    this.#engine = guardEngine(this.id, () => this.#around.createEngine(this.id, this.life, this.disk));
    const { term } = this.#engine.status();
    demand(
      term >= termBefore,
      'monotone',
      () => `${this.id} restarts in term ${term}, though its disk holds term ${termBefore}`,
    );
    this.term = term;
    this.settle();
  }

  #carryOut(effects: Effects<Message>): void {
    const { save, sendNow, sendAfterSave } = effects;
    if (save !== undefined) this.#around.ledger.wrote(this.id, save);
    for (const event of effects.events) this.#hear(event);
    for (const message of sendNow) this.#send(message);
    if (save !== undefined || (sendAfterSave.length > 0 && this.isSaving)) {
      this.store.save(save, () => {
        if (this.#engine === undefined) return;
        if (save !== undefined) this.step({ type: 'saved', receipt: save.receipt });
        for (const message of sendAfterSave) this.#send(message);
      });
    } else {
      for (const message of sendAfterSave) this.#send(message);
    }
    const installs: SnapshotMeta[] = [];
    for (const work of effects.snapshots) {
      if (work.type === 'install') installs.push(work.meta);
      else this.#offerSnapshot(work.to, work.meta, work.message);
    }
    this.#applied.add(installs, effects.committed, effects.reads);
    for (const refusal of effects.refused) this.#applied.refuse(refusal);
    this.#planApply();
  }

  #offerSnapshot(to: NodeId, meta: SnapshotMeta, message: Message): void {
    this.store.readSnapshot((stored) => {
      if (stored === undefined) return this.step({ type: 'snapshotSent', peer: to, delivered: false });
      demand(
        stored.meta.index >= meta.index,
        'engine',
        () => `${this.id} offers a snapshot through ${meta.index} that it does not have`,
      );
      const { codec } = this.#subject.engine;
      const offer = stored.meta.index === meta.index ? message : codec.withSnapshot(message, stored.meta);
      this.#around.carrySnapshot(this.id, to, stored, offer);
    });
  }

  #send(message: Message): void {
    const { engine } = this.#subject;
    const claim = engine.claim?.(message);
    if (claim !== undefined) this.#around.ledger.promised(this.id, claim, this.disk, this.#durablePromise());
    this.#around.send(message);
  }

  #durablePromise(): { readonly term: Term; readonly votedFor: NodeId | undefined } | undefined {
    const { engine } = this.#subject;
    if (engine.readHardState === undefined) return undefined;
    const { hardState } = this.disk;
    return hardState === undefined ? { term: 0, votedFor: undefined } : engine.readHardState(hardState);
  }

  #hear(event: EngineEvent): void {
    const { ledger, coverage } = this.#around;
    reachEvent(coverage, event);
    this.#around.onEvent(this.id, this.isLeader, event);
    switch (event.type) {
      case 'roleChanged':
        this.isLeader = event.to === 'leader';
        if (this.isLeader) {
          if (ledger.highestCommitted > this.#commitIndex)
            coverage.reach('leader elected with uncommitted entries');
          ledger.leads(this.id, event.term, true);
        }
        return;
      case 'termChanged':
        demandRise(this.id, 'term', this.term, event);
        this.term = event.to;
        return;
      case 'commitAdvanced':
        demandRise(this.id, 'commit index', this.#commitIndex, event);
        this.#commitIndex = event.to;
        return;
      default:
        return;
    }
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
        this.takeSnapshot();
    }
    this.#applied.answerReads();
  }

  #emptyMachine(): AppliedMachine<Machine, Input, Output> {
    const { ledger, coverage, disks } = this.#around;
    const { workload } = this.#subject;
    const { id, disk } = this;
    return new AppliedMachine({ id, workload, disk, ledger, coverage, disks, isLeader: () => this.isLeader });
  }

  /** Plans work of this life of the process, which waits while the process is paused. */
  #later(delayUs: number, run: () => void, otherwise?: () => void): void {
    const { life } = this;
    const { queue } = this.#around;
    const attempt = () => {
      if (this.life !== life || (this.state !== 'up' && !this.isBetween)) return otherwise?.();
      if (this.standstill.isOn) this.standstill.hold(attempt);
      else run();
    };
    queue.after(delayUs, attempt);
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
