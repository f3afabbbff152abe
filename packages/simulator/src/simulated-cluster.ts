/** The cluster and its world: nodes, links and clients over one queue of events. */
import {
  ByteReader,
  ByteWriter,
  createMembership,
  type EngineEvent,
  type EngineMessage,
  type EngineTiming,
  type Membership,
  type NodeId,
  Random,
  type StateMachine,
  votersOf,
} from '@synod/core';
import type { EngineStep } from '@synod/core/recording';
import { beginFrame, endFrame } from '@synod/integrity';
import { SimulatedClient } from './clients.js';
import { Coverage } from './coverage.js';
import { EventQueue } from './event-queue.js';
import { LeaseWatch } from './lease-watch.js';
import { Links } from './links.js';
import { isQuorum } from './membership-ledger.js';
import { ModelledStore } from './modelled-store.js';
import type { NodeStore, StopReason, StoreOwner } from './node-store.js';
import { SafetyLedger } from './safety-ledger.js';
import { allNodeIds, nodeIds, type Script, type Target, type Weather } from './script.js';
import type { StoredSnapshot } from './simulated-disk.js';
import { SimulatedNode } from './simulated-node.js';
import type { Standstill } from './standstill.js';
import type { PromiseWatch } from './storage/promise-watch.js';
import { RealStore } from './storage/real-store.js';
import type { ClientOperation, Subject } from './subject.js';
import { engineFailure } from './violation.js';

/** Hears every step of every engine just before it: the moment, the node, its life, and the step. */
export type InputListener<Message extends EngineMessage> = (
  atUs: number,
  node: NodeId,
  life: number,
  input: EngineStep<Message>,
) => void;

/** Everything that a run consists of. */
export class SimulatedCluster<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
> {
  readonly queue = new EventQueue();
  readonly coverage = new Coverage();
  readonly ledger: SafetyLedger;
  readonly history: ClientOperation<Input, Output>[] = [];
  readonly links: Links;
  readonly nodes: readonly SimulatedNode<Message, Machine, Input, Output>[];
  readonly clients: readonly SimulatedClient<Message, Machine, Input, Output>[];
  readonly script: Script;
  /** The weather as it is now. */
  readonly weather: { -readonly [Name in keyof Weather]: Weather[Name] };
  /** Whether promises of storages may have moved. */
  readonly promises: PromiseWatch = { stirred: false };
  /** Whether clients may still make requests. */
  isOpen = true;
  /** Hears what engines tell. */
  onEvent: ((node: NodeId, isLeader: boolean, event: EngineEvent) => void) | undefined;
  /** Timing that operators have set. */
  timing: EngineTiming | undefined;
  /** Memberships that operators have asked for without an answer yet. */
  membershipsAskedFor: () => readonly Membership[] = () => [];
  readonly #founding: Membership;
  readonly #subject: Subject<Message, Machine, Input, Output>;
  readonly #random: Random;
  readonly #onInput: InputListener<Message> | undefined;
  readonly #positions = new Map<NodeId, number>();
  readonly #writer = new ByteWriter();
  /** When a node that stopped shall come back. */
  readonly #downUs = new Map<NodeId, number>();
  #clientNumbers = 0;
  readonly #leases: LeaseWatch;

  constructor(
    script: Script,
    subject: Subject<Message, Machine, Input, Output>,
    onInput: InputListener<Message> | undefined,
  ) {
    this.script = script;
    this.#subject = subject;
    this.#onInput = onInput;
    this.#founding = createMembership(nodeIds(script.nodes));
    this.#leases = new LeaseWatch(() => this.nodes, this.coverage, subject.engine.electsByLog !== true);
    this.ledger = new SafetyLedger(
      subject.engine.electsByLog ?? false,
      this.#founding,
      this.coverage,
      subject.engine.voteBallot,
      subject.engine.decides,
    );
    this.#random = new Random(script.seed).fork('world');
    const { queue, coverage, ledger } = this;
    this.weather = { ...script.weather };
    const { weather } = this;
    const ids = allNodeIds(script);
    for (const [position, id] of ids.entries()) this.#positions.set(id, position);
    const random = this.#random.fork('network');
    this.links = new Links({ queue, weather, coverage, random, nodes: ids.length }, (from, to, payload) =>
      this.#deliver(from, to, payload),
    );
    this.nodes = ids.map((id) => this.#makeNode(id));
    for (const { id, disk } of this.nodes) ledger.watch(id, disk);
    const nodes = this.nodes;
    const { history } = this;
    this.clients = Array.from({ length: weather.clients }, (_, position) => {
      const around = {
        queue,
        weather,
        coverage,
        ledger,
        subject,
        nodes,
        history,
        newNumber: () => ++this.#clientNumbers,
        mayAsk: () => this.isOpen && history.length < script.requestsMax,
      };
      return new SimulatedClient(around, this.#random.fork(`client ${position}`));
    });
  }

  /**
   * Makes network and disks as fast as elections need them: a message and a sync take a tenth of a tick at most, in the
   * mean. Nobody owes progress where a broadcast takes about as long as an election timeout (Raft §5.6), and storms draw
   * both without regard to each other.
   */
  clearUp(): void {
    const { weather } = this;
    const fast = weather.tickUs / 10;
    weather.delayLeastUs = Math.min(weather.delayLeastUs, fast);
    weather.delayMeanUs = Math.min(weather.delayMeanUs, fast);
    weather.syncUs = Math.min(weather.syncUs, fast);
  }

  /** Starts all nodes, their clocks, and the clients. */
  start(): void {
    for (const node of this.nodes) {
      node.start();
      this.#planTick(node, this.#random.fork(`clock ${node.id}`).integer(0, this.script.weather.tickUs));
    }
    for (const client of this.clients) client.think();
  }

  /** The node that a fault is aimed at; `undefined` when nobody leads. */
  aim(target: Target): SimulatedNode<Message, Machine, Input, Output> | undefined {
    if (target !== 'leader') return this.nodes.find((node) => node.id === target);
    let leader: SimulatedNode<Message, Machine, Input, Output> | undefined;
    for (const node of this.nodes) {
      if (node.isLeader && node.state === 'up' && node.term >= (leader?.term ?? 0)) leader = node;
    }
    return leader;
  }

  /** Whether the group can go on with these nodes alone, whichever of its memberships comes to decide. */
  suffices(survives: (node: SimulatedNode<Message, Machine, Input, Output>) => boolean): boolean {
    const survivors = new Set(this.nodes.filter(survives).map(({ id }) => id));
    return this.#membershipsInPlay().every((membership) => isQuorum(membership, (id) => survivors.has(id)));
  }

  /** Whether a node votes under any membership that may come to decide. */
  mayVote(id: NodeId): boolean {
    return this.#membershipsInPlay().some(
      (membership) => membership.outgoingVoters.includes(id) || votersOf(membership).includes(id),
    );
  }

  /** Position of a node, as links count them. */
  position(id: NodeId): number {
    return this.#positions.get(id) ?? 0;
  }

  /** How long a node that stops next stays down. */
  planDowntime(id: NodeId, downUs: number): void {
    this.#downUs.set(id, downUs);
  }

  /** Those that logs hold, and those that engines hold of which no save has told yet. */
  #membershipsInPlay(): readonly Membership[] {
    const running = this.nodes
      .map((node) => node.status()?.membership)
      .filter((known) => known !== undefined);
    return [...this.ledger.membershipsInPlay(), ...running, ...this.membershipsAskedFor()];
  }

  #makeNode(id: NodeId): SimulatedNode<Message, Machine, Input, Output> {
    const { queue, coverage, ledger } = this;
    const { weather } = this;
    const { seed } = this.script;
    const membership = this.#founding;
    const settings = this.#random.fork('engine settings');
    const onInput = this.#onInput;
    const leases = this.#leases;
    const around = {
      queue,
      weather,
      coverage,
      ledger,
      leases,
      timing: () => this.timing,
      send: (message: Message) => this.#send(message),
      onEvent: (node: NodeId, isLeader: boolean, event: EngineEvent) => {
        if (event.type === 'roleChanged' && event.to === 'leader') leases.elected(node, event.term);
        this.onEvent?.(node, isLeader, event);
        // In an event of its own: the state machine is in the middle of the node's turn.
        if (event.type === 'snapshotWanted') queue.after(1, () => this.aim(node)?.snapshots.take());
      },
      carrySnapshot: (from: NodeId, to: NodeId, snapshot: StoredSnapshot, message: Message) =>
        this.#carrySnapshot(from, to, snapshot, message),
      onInput:
        onInput === undefined
          ? undefined
          : (node: NodeId, life: number, input: EngineStep<Message>) =>
              onInput(queue.nowUs, node, life, input),
      createStore: (owner: StoreOwner) => this.#makeStore(owner),
      createEngine: (
        node: NodeId,
        life: number,
        disk: { recover: SimulatedNode<Message, Machine, Input, Output>['disk']['recover'] },
      ) =>
        this.#subject.engine.create(
          { id: node, group: 0, membership, recovered: disk.recover(), seed: `${seed}/${node}/${life}` },
          settings.clone(),
          { clockDriftMax: weather.clockDriftMax },
        ),
    };
    return new SimulatedNode(id, this.#subject, around, this.#random.fork(`node ${id}`), (node, why) =>
      this.#stopped(node, why),
    );
  }

  #makeStore(owner: StoreOwner): NodeStore {
    const { storage } = this.#subject;
    if (storage === undefined) return new ModelledStore(owner);
    return new RealStore(owner, storage, this.#random.fork('storage settings'), this.promises);
  }

  /** Whoever supervises the process starts it again. */
  #stopped(id: NodeId, why: StopReason): void {
    this.coverage.reach(`node ${why}`);
    const node = this.aim(id);
    const downUs = this.#downUs.get(id) ?? 1_000_000;
    this.#downUs.delete(id);
    this.queue.after(downUs, () => {
      if (node?.state === 'down') node.start();
    });
  }

  #planTick(node: SimulatedNode<Message, Machine, Input, Output>, delayUs: number): void {
    this.queue.after(delayUs, () => {
      node.tick();
      this.#planTick(node, this.script.weather.tickUs / node.tickRate);
    });
  }

  #send(message: Message): void {
    const writer = this.#writer;
    writer.clear();
    const start = beginFrame(writer);
    this.#subject.engine.codec.encode(message, writer);
    endFrame(writer, start);
    const to = this.#positions.get(message.to);
    // Operators may name a node that nobody has ever started.
    if (to === undefined) return this.coverage.reach('message to nobody');
    const from = this.position(message.from);
    if (this.links.send(from, to, writer.view()) || !this.script.weather.tellsUnreachable) return;
    this.#tellUnreachable(from, message.to);
  }

  /** In an event of its own: nothing calls back into an engine that hands over its effects. */
  #tellUnreachable(from: number, peer: NodeId): void {
    const sender = this.nodes[from];
    this.queue.after(0, () => {
      if (sender?.isAwake === true) sender.step({ type: 'peerUnreachable', peer });
    });
  }

  #deliver(from: number, to: number, payload: Uint8Array): void {
    const receiver = this.nodes[to];
    const sender = this.nodes[from];
    if (receiver === undefined || sender === undefined || receiver.state !== 'up') return;
    if (sender.state === 'gone') return this.coverage.reach('message of a refused node');
    if (!receiver.isAwake) return this.#holdBack(receiver.standstill, from, to, payload);
    receiver.step({ type: 'receive', message: this.#decode(sender.id, receiver.id, payload) });
  }

  #holdBack(standstill: Standstill, from: number, to: number, payload: Uint8Array): void {
    standstill.hold(() => this.#deliver(from, to, payload));
  }

  #decode(from: NodeId, to: NodeId, payload: Uint8Array): Message {
    try {
      const reader = new ByteReader(payload);
      const message = this.#subject.engine.codec.decode(reader, from, to);
      reader.end();
      return message;
    } catch (error) {
      throw engineFailure(to, error);
    }
  }

  /** Carries a snapshot, which takes time and may fail on the way; the sender is told in either case. */
  #carrySnapshot(fromId: NodeId, toId: NodeId, snapshot: StoredSnapshot, message: Message): void {
    const from = this.position(fromId);
    const to = this.position(toId);
    const sender = this.nodes[from];
    const receiver = this.nodes[to];
    if (sender === undefined || receiver === undefined) return;
    const { life } = sender;
    const tell = (delivered: boolean) => {
      this.coverage.reach(delivered ? 'snapshot delivered' : 'snapshot not delivered');
      this.queue.after(this.links.delayUs(to, from), () => {
        if (sender.life === life && sender.state === 'up')
          sender.step({ type: 'snapshotSent', peer: toId, delivered });
      });
    };
    const travelUs = this.links.delayUs(from, to) * 3 + snapshot.bytes.length;
    this.queue.after(travelUs, () => {
      const passes = sender.state !== 'gone' && !this.links.isCut(from, to) && !this.links.isCut(to, from);
      if (passes && receiver.isAwake) receiver.snapshots.receive(snapshot, message, tell);
      else tell(false);
    });
  }
}
