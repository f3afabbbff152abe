/** A node's snapshots: those that it takes of its own state machine, those that it offers, those that it is given. */
import type {
  EngineInput,
  EngineMessage,
  LogPosition,
  Membership,
  NodeId,
  SnapshotMeta,
  SnapshotWork,
} from '@synod/core';
import type { NodeStore } from './node-store.js';
import type { NodeSurroundings } from './node-surroundings.js';
import type { SimulatedDisk, StoredSnapshot } from './simulated-disk.js';
import { demand } from './violation.js';

/** The node whose snapshots they are. */
interface SnapshotOwner<Message extends EngineMessage> {
  readonly id: NodeId;
  readonly store: NodeStore;
  readonly disk: SimulatedDisk;
  /** Which life of the process this is. */
  readonly life: number;
  readonly isRunning: boolean;
  /** Where the state machine stands. */
  readonly machinePosition: LogPosition;
  /** The state machine as bytes. */
  stateBytes(): Uint8Array;
  /** The members that govern where it stands. */
  appliedMembership(): Membership;
  step(input: EngineInput<Message>): void;
}

/** Takes, offers and stores snapshots for one node. */
export class NodeSnapshots<Message extends EngineMessage> {
  readonly #node: SnapshotOwner<Message>;
  readonly #around: NodeSurroundings<Message>;
  readonly #offerAnew: (message: Message, meta: SnapshotMeta) => Message;
  /** Life of the process that is taking one. */
  #takingIn: number | undefined;

  /** @param offerAnew - The same offer for another snapshot. */
  constructor(
    node: SnapshotOwner<Message>,
    around: NodeSurroundings<Message>,
    offerAnew: (message: Message, meta: SnapshotMeta) => Message,
  ) {
    this.#node = node;
    this.#around = around;
    this.#offerAnew = offerAnew;
  }

  /** Takes one now, as an operator or the snapshot policy asks. */
  take(): void {
    const node = this.#node;
    const { life } = node;
    const position = node.machinePosition;
    const isNews = position.index > (node.disk.snapshot?.meta.index ?? 0);
    if (!node.isRunning || this.#takingIn === life || !isNews) return;
    const membership = node.appliedMembership();
    this.#around.ledger.memberships.snapshotTaken(node.id, position.index, membership);
    const meta: SnapshotMeta = { ...position, membership };
    this.#takingIn = life;
    node.store.storeSnapshot({ meta, bytes: node.stateBytes() }, (fate) => {
      if (node.life !== life) return;
      this.#takingIn = undefined;
      if (fate !== 'stored') return;
      this.#around.coverage.reach('snapshot taken');
      node.step({ type: 'snapshotSaved', meta });
    });
  }

  /** One from a peer has arrived: it is stored, then its message is stepped. */
  receive(snapshot: StoredSnapshot, message: Message, done: (stored: boolean) => void): void {
    const node = this.#node;
    node.store.storeSnapshot(snapshot, (fate) => {
      if (fate === 'failed' || !node.isRunning) return done(false);
      node.step({ type: 'receive', message });
      done(true);
    });
  }

  /** The engine wants one carried to a peer: the newest is sent, if that is another by now. */
  offer({ to, meta, message }: Extract<SnapshotWork<Message>, { type: 'send' }>): void {
    const node = this.#node;
    node.store.readSnapshot((stored) => {
      if (stored === undefined) return this.#notSent(to);
      demand(
        stored.meta.index >= meta.index,
        'engine',
        () => `${node.id} offers a snapshot through ${meta.index} that it does not have`,
      );
      const offer = stored.meta.index === meta.index ? message : this.#offerAnew(message, stored.meta);
      this.#around.carrySnapshot(node.id, to, stored, offer);
    });
  }

  #notSent(peer: NodeId): void {
    this.#node.step({ type: 'snapshotSent', peer, delivered: false });
  }
}
