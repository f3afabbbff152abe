/**
 * One node: an engine, a disk and a state machine, driven in the order that the effects contract makes law. It stands
 * in for the runtime of production, with virtual time in place of the real one, and every place at which a process can
 * die in between.
 */
import {
  type ConsensusEngine,
  type DurableWrite,
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
import type { NodeSurroundings } from './node-surroundings.js';
import { SimulatedDisk, type StoredSnapshot } from './simulated-disk.js';
import type { Subject } from './subject.js';
import { demand, guardEngine } from './violation.js';

interface Save<Message> {
  readonly write: DurableWrite | undefined;
  readonly after: readonly Message[];
}

/** One node of the simulated cluster. */
export class SimulatedNode<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
> {
  readonly id: NodeId;
  readonly disk: SimulatedDisk;
  state: 'up' | 'down' | 'gone' = 'down';
  life = 0;
  /** Whether its latest change of role made it leader. */
  isLeader = false;
  term: Term = 0;
  /** Until when the process stands still. */
  pausedUntilUs = 0;
  /** Microseconds that every turn takes, of faults in force. */
  slowTurnUs = 0;
  slowSyncUs = 0;
  tickRate = 1;
  /** What goes wrong at the next sync. */
  nextSync: 'succeeds' | 'fails' | 'finds no room' | 'is cut by a crash' = 'succeeds';

  readonly #subject: Subject<Message, Machine, Input, Output>;
  readonly #around: NodeSurroundings<Message>;
  readonly #random: Random;
  readonly #onStopped: (node: NodeId, why: 'failed' | 'crashed') => void;
  #engine: ConsensusEngine<Message> | undefined;
  #commitIndex: LogIndex = 0;
  #saves: Save<Message>[] = [];
  #isSyncing = false;
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
    onStopped: (node: NodeId, why: 'failed' | 'crashed') => void,
  ) {
    this.id = id;
    this.disk = new SimulatedDisk();
    this.#subject = subject;
    this.#around = around;
    this.#random = random;
    this.#onStopped = onStopped;
    this.#applied = this.#emptyMachine();
  }

  /** Whether it runs and is not paused. */
  get isAwake(): boolean {
    return this.state === 'up' && this.pausedUntilUs <= this.#around.queue.nowUs;
  }

  get isSaving(): boolean {
    return this.#saves.length > 0;
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
    this.state = 'up';
    this.life++;
    this.#applied = this.#emptyMachine();
    this.#commitIndex = 0;
    this.pausedUntilUs = 0;
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

  /** Ends the process. What is not durable is lost, but for a beginning of what is under way. */
  stop(why: 'failed' | 'crashed'): void {
    if (this.state !== 'up') return;
    this.state = 'down';
    this.isLeader = false;
    const writes = this.#saves.flatMap(({ write }) => (write === undefined ? [] : [write]));
    const kept = writes.length === 0 ? 0 : this.#random.integer(0, writes.length + 1);
    for (const write of writes.slice(0, kept)) this.disk.apply(write);
    if (kept > 0) this.#around.coverage.reach('crash kept writes that were not acknowledged');
    if (kept < writes.length) this.#around.coverage.reach('crash lost writes');
    this.#engine = undefined;
    this.#saves = [];
    this.#isSyncing = false;
    this.#isTurnPlanned = false;
    this.#isApplyPlanned = false;
    this.#isSnapshotting = false;
    this.#applied.abandon();
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
      if (engine === undefined || this.#saves.length >= this.#around.weather.savesInFlightMax) break;
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
    const { membership } = guardEngine(this.id, () => this.#requireEngine().status());
    const meta: SnapshotMeta = { index, term: this.#applied.term, membership };
    const bytes = this.#applied.bytes();
    this.#isSnapshotting = true;
    this.#later(this.#syncUs() * 2, () => {
      this.#isSnapshotting = false;
      if ((this.disk.snapshot?.meta.index ?? 0) >= index) return;
      this.disk.store({ meta, bytes });
      this.#around.coverage.reach('snapshot taken');
      this.step({ type: 'snapshotSaved', meta });
    });
  }

  /** A snapshot from a peer has arrived: it is stored, then its message is stepped. */
  receiveSnapshot(snapshot: StoredSnapshot, message: Message, done: (stored: boolean) => void): void {
    const { life } = this;
    this.#around.queue.after(this.#syncUs() * 2, () => {
      if (this.life !== life || this.state !== 'up') return done(false);
      this.disk.store(snapshot);
      this.step({ type: 'receive', message });
      done(true);
    });
  }

  #carryOut(effects: Effects<Message>): void {
    const { save, sendNow, sendAfterSave } = effects;
    if (save !== undefined) this.#around.ledger.wrote(this.id, save);
    for (const event of effects.events) this.#hear(event);
    for (const message of sendNow) this.#send(message);
    if (save !== undefined || (sendAfterSave.length > 0 && this.#saves.length > 0)) {
      this.#saves.push({ write: save, after: sendAfterSave });
      this.#sync();
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
    const stored = this.disk.snapshot;
    demand(
      stored !== undefined && stored.meta.index >= meta.index,
      'engine',
      () => `${this.id} offers a snapshot through ${meta.index} that it does not have`,
    );
    const { codec } = this.#subject.engine;
    const offer = stored.meta.index === meta.index ? message : codec.withSnapshot(message, stored.meta);
    this.#around.carrySnapshot(this.id, to, stored, offer);
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
        demand(
          event.to > event.from && event.from >= this.term,
          'monotone',
          () => `${this.id} goes from term ${event.from} to term ${event.to}, after term ${this.term}`,
        );
        this.term = event.to;
        return;
      case 'commitAdvanced':
        demand(
          event.to > event.from && event.from >= this.#commitIndex,
          'monotone',
          () =>
            `${this.id} moves its commit index from ${event.from} to ${event.to} after ${this.#commitIndex}`,
        );
        this.#commitIndex = event.to;
        return;
      default:
        return;
    }
  }

  #syncUs(): number {
    return 20 + exponential(this.#random, this.#around.weather.syncUs + this.slowSyncUs);
  }

  /** One sync serves all saves that wait when it begins. */
  #sync(): void {
    if (this.#isSyncing || this.#saves.length === 0) return;
    this.#isSyncing = true;
    const count = this.#saves.length;
    const fate = this.nextSync;
    this.nextSync = 'succeeds';
    this.#later(fate === 'is cut by a crash' ? this.#syncUs() / 2 : this.#syncUs(), () => {
      if (fate !== 'succeeds') return this.#failSync(fate);
      this.#isSyncing = false;
      const done = this.#saves.splice(0, count);
      for (const { write } of done) if (write !== undefined) this.disk.apply(write);
      for (const { write, after } of done) {
        if (write !== undefined) this.step({ type: 'saved', receipt: write.receipt });
        for (const message of after) this.#send(message);
      }
      this.settle();
      this.#sync();
    });
  }

  /** A failed sync is final: what is on the disk is unknown, so the process must end (Rebello and others, 2020). */
  #failSync(fate: 'fails' | 'finds no room' | 'is cut by a crash'): void {
    const { coverage } = this.#around;
    if (fate === 'fails') coverage.reach('sync failed');
    if (fate === 'finds no room') coverage.reach('disk full');
    this.stop(fate === 'is cut by a crash' ? 'crashed' : 'failed');
  }

  #planApply(): void {
    const { applyUs } = this.#around.weather;
    if (applyUs === 0) return this.#apply();
    if (this.#isApplyPlanned || !this.#applied.hasWork) return;
    this.#isApplyPlanned = true;
    this.#later(exponential(this.#random, applyUs), () => {
      this.#isApplyPlanned = false;
      this.#apply();
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

  /** Plans work of this life of the process. It waits while the process is paused. */
  #later(delayUs: number, run: () => void): void {
    const { life } = this;
    const { queue } = this.#around;
    const attempt = () => {
      if (this.life !== life || this.state !== 'up') return;
      if (this.pausedUntilUs > queue.nowUs) queue.after(this.pausedUntilUs - queue.nowUs, attempt);
      else run();
    };
    queue.after(delayUs, attempt);
  }

  #requireEngine(): ConsensusEngine<Message> {
    invariant(this.#engine !== undefined, `${this.id} runs`);
    return this.#engine;
  }
}
