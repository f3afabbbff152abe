/** A replica, put together: calls come in here, the driver runs the engine, and each kind of effect has its own part. */
import type {
  Effects,
  EngineMessage,
  EngineTiming,
  GroupId,
  LogIndex,
  Membership,
  NodeId,
} from '@synod/core';
import { ApplyLoop } from './apply-loop.js';
import { EngineDriver } from './engine-driver.js';
import { ClosedError, NotAdmittedError, ReplicaFailedError } from './errors.js';
import type { HostEventListener, RuntimeEvent } from './events.js';
import { explain } from './explanation.js';
import type { GroupParts } from './group-parts.js';
import { LeaderWatch } from './leader-watch.js';
import { PayloadIntake } from './payload-intake.js';
import { PeerOutbox } from './peer-outbox.js';
import { Proposals } from './proposals.js';
import { Reads } from './reads.js';
import type {
  Applied,
  BoundedAnswer,
  BoundedReadOptions,
  CallOptions,
  ChangeOptions,
  ReadOptions,
  Replica,
  ReplicaMetrics,
  ReplicaState,
  ReplicaStatus,
} from './replica.js';
import { type Posture, type Rest, restOf, type Sleeper } from './sleeper.js';
import { SnapshotReceiver } from './snapshot-receiver.js';
import { SnapshotSender } from './snapshot-sender.js';
import { SnapshotTaker } from './snapshot-taker.js';

/** The replica of one group on one node. */
export class GroupReplica<Message extends EngineMessage, Result> implements Replica<Result>, Sleeper {
  readonly id: NodeId;
  readonly group: GroupId;
  readonly failed: Promise<never>;
  readonly #parts: GroupParts<Message, Result>;
  readonly #driver: EngineDriver<Message>;
  readonly #outbox: PeerOutbox<Message>;
  readonly #proposals: Proposals<Result>;
  readonly #reads: Reads;
  readonly #leader: LeaderWatch;
  readonly #applyLoop: ApplyLoop<Result>;
  readonly #taker: SnapshotTaker;
  readonly #sender: SnapshotSender<Message>;
  readonly #receiver: SnapshotReceiver<Message>;
  readonly #intake: PayloadIntake<Message>;
  #state: ReplicaState = 'waitingForAdmission';
  #posture: Posture = 'awake';
  #idleTicks = 0;
  #sleeps = 0;
  #failure: ReplicaFailedError | undefined;
  #rejectFailed: (error: ReplicaFailedError) => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: GroupParts<Message, Result>) {
    const { id, group, engine, codec, settings, tickMs, transport, snapshots, stateMachine, clock } = parts;
    this.#parts = parts;
    this.id = id;
    this.group = group;
    this.failed = new Promise((_, reject) => {
      this.#rejectFailed = reject;
    });
    this.failed.catch(() => undefined);
    const emit = (event: RuntimeEvent) => parts.events.emit(group, event);
    const failed = (cause: unknown) => this.#fail('replica', cause);
    this.#proposals = new Proposals(settings, tickMs, parts.room);
    this.#reads = new Reads(settings, tickMs, clock);
    this.#leader = new LeaderWatch(id, settings, tickMs);
    this.#leader.changed(engine.status().leader);
    this.#outbox = new PeerOutbox(group, codec, transport, settings.payloadBytesMax, parts.writers, (peer) =>
      this.#driver.unreachable(peer),
    );
    this.#driver = new EngineDriver({ ...parts, tickMs, outbox: this.#outbox, hooks: this.#turnHooks() });
    this.#applyLoop = new ApplyLoop(stateMachine, this.#proposals, parts.membership, settings, clock, {
      restore: (meta) => this.#taker.restore(meta, () => this.#driver.isRunning),
      applied: (from, to) => this.#applied(from, to),
      resumed: () => this.#driver.schedule(),
      failed,
    });
    this.#taker = new SnapshotTaker(stateMachine, snapshots, clock, {
      emit,
      saved: (meta) => this.#driver.step({ type: 'snapshotSaved', meta }),
      failed,
    });
    this.#sender = new SnapshotSender(group, codec, transport, snapshots, settings, parts.rate, {
      emit,
      ended: (peer, delivered) => this.#driver.step({ type: 'snapshotSent', peer, delivered }),
    });
    this.#receiver = new SnapshotReceiver(group, transport, snapshots, settings, {
      emit,
      durable: (message) => this.#driver.step({ type: 'receive', message }),
      failed,
    });
    this.#intake = new PayloadIntake({
      ...parts,
      driver: this.#driver,
      sender: this.#sender,
      receiver: this.#receiver,
      dropped: (peer, reason) => emit({ type: 'payloadDropped', peer, reason }),
    });
  }

  get leader(): NodeId | undefined {
    return this.#leader.leader;
  }

  get isLeader(): boolean {
    return this.#leader.leader === this.id;
  }

  propose(command: Uint8Array, options: CallOptions = {}): Promise<Applied<Result>> {
    return this.#take('a command was proposed', () => this.#proposals.propose(command, options));
  }

  read<Value>(query: () => Value, options: ReadOptions = {}): Promise<Value> {
    return this.#take('a read was asked for', () => this.#reads.read(query, options));
  }

  readBounded<Value>(query: () => Value, options: BoundedReadOptions): Promise<BoundedAnswer<Value>> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const answer = this.#reads.readBounded(query, options, this.#applyLoop);
    // It needs the engine only when a barrier is wanted.
    if (this.#reads.isQueued) this.#askForTurn('a read was asked for');
    return answer;
  }

  waitForLeader(options: CallOptions = {}): Promise<NodeId> {
    const end = this.#end();
    return end === undefined ? this.#leader.wait(options) : Promise.reject(end);
  }

  transferLeadership(to?: NodeId, options: CallOptions = {}): Promise<NodeId> {
    const input = { type: 'transferLeadership', ...(to === undefined ? {} : { to }) } as const;
    return this.#take('a transfer of leadership was asked for', () =>
      this.#leader.transfer(options, () => this.#driver.step(input)),
    );
  }

  changeMembership(target: Membership, options: ChangeOptions = {}): Promise<Applied<undefined>> {
    return this.#take('a change of membership was asked for', () =>
      this.#proposals.changeMembership(target, options),
    );
  }

  campaign(): void {
    this.#stir('a campaign was asked for');
    this.#driver.step({ type: 'campaign' });
  }

  forgetLeader(): void {
    this.#driver.step({ type: 'forgetLeader' });
  }

  requestSnapshot(): void {
    this.#stir('a snapshot was asked for');
    this.#driver.step({ type: 'requestSnapshot' });
  }

  retime(timing: EngineTiming): void {
    // What is out of its range is the caller's mistake, and no failure of the engine.
    this.#parts.engine.step({ type: 'retime', timing });
  }

  status(): ReplicaStatus {
    const engine = this.#parts.engine.status();
    return {
      state: this.#state,
      explanation: explain(engine.explanation, {
        ...this.#parts,
        state: this.#state,
        failure: this.#failure,
        isRestoring: this.#applyLoop.isRestoring,
      }),
      engine,
      ...this.#applyLoop.progress,
      asleep: this.#posture === 'asleep',
      pendingProposals: this.#proposals.pending,
      pendingReads: this.#reads.pending,
      savesInFlight: this.#driver.savesInFlight,
      sendingSnapshotTo: this.#sender.peers,
      receivingSnapshotFrom: this.#receiver.peer,
    };
  }

  metrics(): ReplicaMetrics {
    return {
      ...this.#proposals.metrics,
      ...this.#reads.metrics,
      ...this.#driver.metrics,
      payloadsSent: this.#outbox.payloads,
      messagesSent: this.#outbox.messages,
      messagesReceived: this.#intake.messages,
      payloadsDropped: this.#intake.dropped,
      entriesApplied: this.#applyLoop.entries,
      sleeps: this.#sleeps,
      snapshotsSaved: this.#taker.saved,
      snapshotsSent: this.#sender.sent,
      snapshotsReceived: this.#receiver.received,
      appliedIndex: this.#applyLoop.index,
    };
  }

  onEvent(listener: HostEventListener): () => void {
    return this.#parts.events.subscribe((event) => {
      if (event.group === this.group) listener(event);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The node was admitted: the engine takes part from now on. */
  start(): void {
    if (this.#state !== 'waitingForAdmission') return;
    this.#state = 'running';
    this.#driver.start();
  }

  /** One unit of time passed. */
  tick(): void {
    this.#proposals.tick();
    this.#reads.tick();
    this.#leader.tick();
    if (!this.#driver.isRunning) return;
    this.#idleTicks++;
    this.#sender.tick();
    this.#receiver.tick();
    this.#driver.tick();
  }

  /** Whether it leads and nothing but heartbeats has happened for so many ticks; asking again takes as many. */
  hasIdled(ticks: number): boolean {
    if (this.#idleTicks < ticks || !this.isLeader) return false;
    this.#idleTicks = 0;
    return true;
  }

  /** Where it rests, or `undefined` when anything at all is pending. */
  rest(): Rest | undefined {
    if (this.#state !== 'running' || !this.#driver.isQuiet || !this.#applyLoop.isIdle) return undefined;
    const calls = this.#proposals.pending + this.#reads.pending + this.#leader.pending;
    const isMoving = this.#taker.isBusy || this.#sender.isBusy || !this.#receiver.isIdle;
    return calls > 0 || isMoving ? undefined : restOf(this.#parts.engine.status(), this.#applyLoop.index);
  }

  /** It gets ticks or not; while it sleeps, whatever reaches it wakes it first. */
  lie(posture: Posture): void {
    this.#posture = posture;
    this.#idleTicks = 0;
    if (posture === 'asleep') this.#sleeps++;
    else if (posture === 'awake') this.#reads.distrustLease();
  }

  /** Takes a snapshot now, if it can and there is anything new to cover. */
  shortenLog(): void {
    if (this.#state === 'running') this.#taker.takeNewest(this.#applyLoop);
  }

  /** A peer's payload arrived; it is only valid during the call. */
  receive(from: NodeId, payload: Uint8Array): void {
    // While sleep is being offered, answers to what was sent before still come in.
    if (this.#posture === 'asleep') this.#stir(`${from} sent something`, from);
    this.#intake.receive(from, payload);
  }

  /** The connection to a peer is gone. */
  peerDown(peer: NodeId): void {
    this.#sender.peerDown(peer);
    this.#receiver.peerDown(peer);
    this.#driver.unreachable(peer);
  }

  /** Stops because of an error elsewhere on the node. */
  failWith(error: ReplicaFailedError): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    this.#state = 'failed';
    this.#failure = error;
    this.#driver.stop();
    this.#endCalls(error);
    this.#sender.stop();
    void this.#receiver.stop();
    void this.#taker.abandon('the replica stopped');
    this.#parts.events.emit(this.group, { type: 'failed', reason: error.reason, cause: error.cause });
    this.#parts.ended();
    this.#rejectFailed(error);
  }

  /** Takes a call in, unless this replica takes no part. */
  #take<Value>(reason: string, call: () => Promise<Value>): Promise<Value> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#askForTurn(reason);
    return call();
  }

  #askForTurn(reason: string): void {
    this.#stir(reason);
    this.#driver.schedule();
  }

  #stir(reason: string, speaker?: NodeId): void {
    this.#idleTicks = 0;
    if (this.#posture !== 'awake') this.#parts.stir(reason, speaker);
  }

  #turnHooks() {
    return {
      handOver: () => {
        this.#proposals.handOver<Message>((input) => this.#parts.engine.step(input));
        if (this.#reads.trustsTime) this.#driver.tellTime();
        this.#reads.handOver<Message>((input) => this.#parts.engine.step(input));
      },
      carryOut: (effects: Effects<Message>) => this.#carryOut(effects),
      apply: () => {
        const hasMore = this.#applyLoop.advance();
        if (!this.#applyLoop.isRestoring) this.#reads.answer(this.#applyLoop.index);
        return hasMore;
      },
      failed: (what: 'storage' | 'replica', cause: unknown) => this.#fail(what, cause),
    };
  }

  #carryOut({ save, events, refused, snapshots, committed, reads }: Effects<Message>): void {
    const size = events.length + refused.length + snapshots.length + committed.length + reads.length;
    if (size > 0 || save !== undefined) this.#idleTicks = 0;
    for (const event of events) {
      if (event.type === 'leaderChanged') this.#leader.changed(event.leader);
      else if (event.type === 'snapshotWanted') this.#taker.takeThrough(event.index, this.#applyLoop);
      this.#parts.events.emit(this.group, event);
    }
    for (const refusal of refused) {
      const { subject } = refusal;
      if (subject.type === 'proposal') this.#proposals.refused(subject.proposal, refusal);
      else if (subject.type === 'read') this.#reads.refused(subject.context, refusal);
      else this.#leader.transferRefused(refusal);
    }
    for (const work of snapshots) {
      if (work.type === 'send') this.#sender.send(work);
      else this.#applyLoop.install(work.meta);
    }
    this.#applyLoop.commit(committed);
    for (const ready of reads) this.#reads.ready(ready);
  }

  #applied(from: LogIndex, to: LogIndex): void {
    if (this.#parts.events.isHeard) this.#parts.events.emit(this.group, { type: 'applied', from, to });
    this.#driver.step({ type: 'applied', through: to });
    if (this.#applyLoop.isSnapshotDue(this.#parts)) this.#taker.takeNewest(this.#applyLoop);
  }

  #refusal() {
    if (this.#state === 'running') return undefined;
    return this.#end() ?? new NotAdmittedError(this.#parts.admissionGap());
  }

  #end() {
    if (this.#failure !== undefined) return this.#failure;
    return this.#state === 'closed' ? new ClosedError(`replica of group ${this.group}`) : undefined;
  }

  #fail(what: 'storage' | 'replica', cause: unknown): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new ReplicaFailedError(reason, 'none', cause);
    this.failWith(error);
    this.#parts.stopped(what, error);
  }

  #endCalls(error: ClosedError | ReplicaFailedError): void {
    for (const calls of [this.#proposals, this.#reads, this.#leader]) calls.endAll(error);
  }

  async #close(): Promise<void> {
    const wasFailed = this.#state === 'failed';
    this.#state = 'closed';
    this.#parts.ended();
    this.#driver.stop();
    this.#endCalls(new ClosedError(`replica of group ${this.group}`));
    this.#sender.stop();
    await Promise.all([
      this.#receiver.stop(),
      this.#taker.abandon('the replica is closed'),
      this.#driver.idle(),
    ]);
    if (!wasFailed) this.#parts.events.emit(this.group, { type: 'closed' });
    this.#parts.closed();
  }
}
