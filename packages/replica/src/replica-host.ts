/** One node of a cluster: its ticks, its peers' hellos, its admission, and the replicas of its groups. */
import {
  type Clock,
  createMembership,
  type Defer,
  type EngineMessage,
  type GroupId,
  type HelloRefusal,
  InvalidArgumentError,
  isSynodError,
  type Membership,
  type NodeId,
  type NodeStorage,
  type PeerHello,
  parseInteger,
  parseNodeId,
  type SynodError,
  type Transport,
  type TransportHandler,
} from '@synod/core';
import { Admission, answerHello } from './admission.js';
import { ClosedError, IncarnationLostError, ReplicaFailedError } from './errors.js';
import { EventStream } from './event-stream.js';
import type { HostEventListener, RuntimeEvent } from './events.js';
import { GroupReplica } from './group-replica.js';
import type { HostOptions, HostStatus, ReplicaHost } from './host.js';
import { hostGroup } from './host-payload.js';
import { settleLimits, snapshotPace } from './limits.js';
import { PayloadWriters } from './peer-outbox.js';
import { Quiescence } from './quiescence.js';
import type { GroupOptions, Replica } from './replica.js';
import { type RoomUser, RoomWatch } from './room-watch.js';
import { SendRate } from './send-rate.js';
import type { Sleeper } from './sleeper.js';
import { SnapshotStore } from './snapshot-store.js';
import { systemClock, systemDefer } from './system-clock.js';
import { Ticker } from './ticker.js';
import { sharedTurns } from './turn-queue.js';

/**
 * Opens one node of a cluster: starts its transport and waits for peers. Open its groups next.
 *
 * @param options - Who it is, where it stores and how it reaches others.
 * @throws InvalidArgumentError when an option is out of range; rejects as the transport does when it cannot start.
 * Storage and transport then remain the caller's.
 *
 * @example
 * ```ts
 * const host = await openReplicaHost({ id: 'n1', membershipIds: ['n1', 'n2', 'n3'], storage, transport });
 * const replica = host.openGroup({ createEngine, codec, stateMachine });
 * const { result } = await replica.propose(command);
 * await host.close();
 * ```
 */
export async function openReplicaHost(options: HostOptions): Promise<ReplicaHost> {
  const host = new Host(options);
  await host.open();
  return host;
}

/** What the host asks of a replica, whatever its engine and state machine. */
interface HostedReplica extends Sleeper, RoomUser {
  start(): void;
  tick(): void;
  /** Whether it leads and nothing but heartbeats has happened for so many ticks; asking again takes as many. */
  hasIdled(ticks: number): boolean;
  receive(from: NodeId, payload: Uint8Array): void;
  peerDown(peer: NodeId): void;
  failWith(error: ReplicaFailedError): void;
  close(): Promise<void>;
}

class Host implements ReplicaHost, TransportHandler {
  readonly id: NodeId;
  readonly admitted: Promise<void>;
  readonly failed: Promise<never>;
  readonly #voters: readonly NodeId[];
  readonly #storage: NodeStorage;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #defer: Defer;
  readonly #tickMs: number;
  readonly #seed: number | string;
  readonly #events: EventStream;
  readonly #admission: Admission;
  readonly #ticker: Ticker;
  readonly #groups = new Map<GroupId, HostedReplica>();
  /** Groups that get ticks. */
  readonly #ticking = new Set<HostedReplica>();
  readonly #quiesceAfterTicks: number;
  readonly #quiescence: Quiescence;
  readonly #writers = new PayloadWriters();
  readonly #rate: SendRate;
  readonly #room: RoomWatch;
  readonly #turns: Defer;
  /** The members of a new group, one value for all groups. */
  readonly #membership: Membership;
  /** Records under way, so that two hellos of one peer are never both taken for the first. */
  readonly #recording = new Map<NodeId, Promise<void>>();
  #state: HostStatus['state'] = 'running';
  #failure: SynodError | undefined;
  #isAdmitting = false;
  #closing: Promise<void> | undefined;
  #resolveAdmitted: () => void = () => undefined;
  #rejectAdmitted: (error: SynodError) => void = () => undefined;
  #rejectFailed: (error: SynodError) => void = () => undefined;

  constructor(options: HostOptions) {
    const { storage, transport } = options;
    this.id = parseNodeId(options.id, 'id');
    if (transport.local !== this.id) {
      throw new InvalidArgumentError(`transport is that of ${transport.local}: give the one of ${this.id}`);
    }
    this.#voters = [...options.membershipIds].sort();
    this.#membership = createMembership(this.#voters);
    this.#storage = storage;
    this.#transport = transport;
    this.#clock = options.clock ?? systemClock;
    this.#defer = options.defer ?? systemDefer;
    this.#tickMs = parseInteger(options.tickMs ?? 50, 'tickMs', 1, 60_000);
    this.#rate = new SendRate((bytesPerSecond(options) * this.#tickMs) / 1000);
    this.#room = new RoomWatch(storage, this.#groups, this.#tickMs, (event) => this.#emit(event));
    this.#turns = sharedTurns(this.#defer);
    this.#quiesceAfterTicks = parseInteger(options.quiesceAfterTicks ?? 0, 'quiesceAfterTicks', 0, 100_000);
    this.#seed = options.seed ?? storage.incarnations.own;
    this.#events = new EventStream(this.id, this.#clock, this.#defer);
    if (options.onEvent !== undefined) this.#events.subscribe(options.onEvent);
    this.#admission = new Admission(this.id, this.#voters, storage.incarnations.admitted);
    this.#quiescence = new Quiescence({
      id: this.id,
      transport,
      defer: this.#defer,
      events: this.#events,
      sleeperOf: (group) => this.#groups.get(group),
      setTicking: (group, isTicking) => this.#setTicking(group, isTicking),
    });
    this.#ticker = new Ticker(this.#clock, this.#tickMs, () => this.#tick());
    this.admitted = new Promise((resolve, reject) => {
      this.#resolveAdmitted = resolve;
      this.#rejectAdmitted = reject;
    });
    this.failed = new Promise((_, reject) => {
      this.#rejectFailed = reject;
    });
    this.admitted.catch(() => undefined);
    this.failed.catch(() => undefined);
  }

  async open(): Promise<void> {
    await this.#transport.start(this, this.#storage.incarnations.own);
    this.#ticker.start();
    if (this.#admission.admitted) this.#resolveAdmitted();
    else this.#admitIfEarned();
  }

  openGroup<Message extends EngineMessage, Result>(options: GroupOptions<Message, Result>): Replica<Result> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === 'closed') throw new ClosedError(`host ${this.id}`);
    const group = parseInteger(options.group ?? 0, 'group', 0, hostGroup - 1);
    if (this.#groups.has(group))
      throw new InvalidArgumentError(`group ${group} is open already: open it once`);
    const settings = settleLimits(options.limits ?? {});
    const storage = this.#storage.group(group);
    const recovered = storage.recover();
    const membership = this.#membership;
    const snapshots = new SnapshotStore(storage, recovered.snapshot, this.#defer);
    const seed = `${this.#seed}/${group}`;
    const engine = options.createEngine({ id: this.id, group, membership, recovered, seed });
    const replica = new GroupReplica<Message, Result>({
      id: this.id,
      group,
      engine,
      codec: options.codec,
      stateMachine: options.stateMachine,
      membership,
      snapshots,
      storage,
      room: this.#storage.room,
      transport: this.#transport,
      settings,
      ...snapshotPace(options),
      clock: this.#clock,
      writers: this.#writers,
      rate: this.#rate,
      defer: this.#turns,
      tickMs: this.#tickMs,
      events: this.#events,
      admissionGap: () => this.#admissionGap(),
      stopped: (what, error) => this.#replicaStopped(what, error),
      stir: (reason, speaker) => this.#quiescence.stir(group, reason, speaker),
      ended: () => this.#ended(group),
      closed: () => this.#groups.delete(group),
    });
    this.#groups.set(group, replica);
    this.#ticking.add(replica);
    if (this.#admission.admitted) this.#start(replica);
    return replica;
  }

  status(): HostStatus {
    return {
      id: this.id,
      incarnation: this.#storage.incarnations.own,
      state: this.#state,
      admission: this.#admission.status(),
      connected: this.#transport.connected(),
      asleep: this.#quiescence.asleep,
      groups: [...this.#groups.keys()].sort((left, right) => left - right),
    };
  }

  onEvent(listener: HostEventListener): () => void {
    return this.#events.subscribe(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async admit(hello: PeerHello): Promise<HelloRefusal | undefined> {
    const underWay = () => this.#recording.get(hello.id);
    for (let record = underWay(); record !== undefined; record = underWay()) await record;
    // No await from here to the new record: two hellos of one peer must not both find it unknown.
    const { incarnations } = this.#storage;
    const answer = answerHello(hello, incarnations.known(hello.id));
    if (answer === 'accept') return undefined;
    if (answer !== 'record') {
      this.#emit({ type: 'peerRefused', peer: hello.id, refusal: answer });
      return answer;
    }
    const recorded = incarnations.record(hello.id, hello.incarnation);
    this.#recording.set(
      hello.id,
      recorded.catch(() => undefined),
    );
    try {
      await recorded;
      return undefined;
    } catch (cause) {
      this.#fail(cause);
      return {
        code: 'UNKNOWN_NODE',
        reason: `${this.id} cannot record who ${hello.id} is: its storage failed`,
      };
    } finally {
      this.#recording.delete(hello.id);
    }
  }

  onPeerUp(peer: NodeId): void {
    if (this.#state !== 'running') return;
    this.#emit({ type: 'peerUp', peer });
    this.#quiescence.peerUp(peer);
    this.#admission.welcomedBy(peer);
    if (this.#admission.admitted) return;
    const { welcomes, welcomesNeeded: needed } = this.#admission;
    this.#emit({ type: 'welcomed', peer, welcomes, needed });
    this.#admitIfEarned();
  }

  onPeerDown(peer: NodeId, reason: string): void {
    this.#emit({ type: 'peerDown', peer, reason });
    this.#quiescence.peerDown(peer);
    // What sleeps on has nothing under way to the peer, and finds out when it next sends.
    for (const replica of [...this.#ticking]) replica.peerDown(peer);
  }

  onRefused(peer: NodeId, refusal: HelloRefusal): void {
    if (this.#state !== 'running') return;
    this.#emit({ type: 'refusedByPeer', peer, refusal });
    if (this.#admission.refusedBy(peer, refusal) === 'lost') {
      this.#fail(new IncarnationLostError(this.id, peer, refusal.reason));
    }
  }

  onPayload(from: NodeId, group: GroupId, payload: Uint8Array): void {
    // A node that is not admitted must not even listen: what it hears it might answer.
    if (!this.#admission.admitted) return;
    if (group === hostGroup) this.#receiveHostPayload(from, payload);
    else this.#groups.get(group)?.receive(from, payload);
  }

  #tick(): void {
    this.#rate.tick();
    this.#room.tick();
    const idleTicks = this.#quiesceAfterTicks;
    for (const replica of this.#ticking) {
      replica.tick();
      if (idleTicks > 0 && replica.hasIdled(idleTicks)) this.#quiescence.consider(replica);
    }
    if (idleTicks > 0 && this.#admission.admitted) this.#quiescence.tick();
  }

  /** Where groups never sleep, hosts have nothing to say to each other, and without pulses nobody offers sleep here. */
  #receiveHostPayload(from: NodeId, payload: Uint8Array): void {
    if (this.#quiesceAfterTicks === 0) return;
    try {
      this.#quiescence.receive(from, payload);
    } catch (error) {
      // Only decoding can throw here.
      const reason = error instanceof Error ? error.message : String(error);
      this.#emit({ type: 'payloadDropped', peer: from, reason });
    }
  }

  #setTicking(group: GroupId, isTicking: boolean): void {
    const replica = this.#groups.get(group);
    if (replica === undefined) return;
    if (isTicking) this.#ticking.add(replica);
    else this.#ticking.delete(replica);
  }

  #start(replica: HostedReplica): void {
    replica.start();
    if (this.#quiesceAfterTicks > 0) this.#quiescence.started(replica.group);
  }

  /** A replica takes no part any more. */
  #ended(group: GroupId): void {
    this.#quiescence.ended(group);
    this.#setTicking(group, false);
  }

  #admitIfEarned(): void {
    if (this.#isAdmitting || this.#admission.admitted || !this.#admission.isEarned) return;
    this.#isAdmitting = true;
    this.#storage.incarnations.admit().then(
      () => this.#admittedNow(),
      (cause: unknown) => this.#fail(cause),
    );
  }

  #admittedNow(): void {
    if (this.#state !== 'running') return;
    this.#admission.admit();
    this.#emit({ type: 'admitted' });
    this.#resolveAdmitted();
    for (const replica of this.#groups.values()) this.#start(replica);
  }

  #admissionGap(): string {
    const { welcomes, welcomesNeeded } = this.#admission;
    return (
      `${this.id} does not take part yet: ${welcomes} of the ${welcomesNeeded} other voters that must have its ` +
      'incarnation on record have answered. Start more of them'
    );
  }

  #replicaStopped(what: 'storage' | 'replica', error: ReplicaFailedError): void {
    this.#rejectFailed(error);
    if (what === 'storage') this.#fail(error);
  }

  /** Everything stops: the node lost its storage, or the right to take part. */
  #fail(cause: unknown): void {
    if (this.#state !== 'running') return;
    this.#state = 'failed';
    const error = isSynodError(cause) ? cause : new ReplicaFailedError(String(cause), 'none', cause);
    this.#failure = error;
    this.#ticker.stop();
    this.#quiescence.stop();
    this.#emit({ type: 'failed', reason: error.message, cause: error });
    this.#rejectAdmitted(error);
    this.#rejectFailed(error);
    const forReplicas =
      error instanceof ReplicaFailedError ? error : new ReplicaFailedError(error.message, 'none', error);
    for (const replica of this.#groups.values()) replica.failWith(forReplicas);
  }

  async #close(): Promise<void> {
    if (this.#state === 'running') this.#state = 'closed';
    this.#ticker.stop();
    this.#quiescence.stop();
    this.#rejectAdmitted(new ClosedError(`host ${this.id}`));
    const closed = Promise.all([...this.#groups.values()].map((replica) => replica.close()));
    // Saves that wait for room would keep replicas open for ever; the storage refuses them when it is closed.
    await this.#room.orFull(closed, this.#clock);
    try {
      await this.#transport.close();
    } finally {
      await this.#storage.close();
    }
    await closed;
    this.#emit({ type: 'closed' });
  }

  #emit(event: RuntimeEvent): void {
    this.#events.emit(undefined, event);
  }
}

function bytesPerSecond({ snapshotBytesPerSecond }: HostOptions): number {
  if (snapshotBytesPerSecond === undefined) return Number.POSITIVE_INFINITY;
  return parseInteger(snapshotBytesPerSecond, 'snapshotBytesPerSecond', 1);
}
