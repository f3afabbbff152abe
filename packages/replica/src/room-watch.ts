/**
 * What a node does about a full disk. What its engines have asked to be saved waits in the storage or takes up what it
 * keeps in reserve. Proposals are refused before they reach an engine, a leader hands over to a node that has room, and
 * snapshots are taken so that the log can shrink. Reads go on. When room comes back, so does everything else.
 */
import type { Clock, GroupId, NodeId, NodeStorage } from '@synod/core';
import type { RuntimeEvent } from './events.js';

/** How often it is looked whether room has come back, in milliseconds. */
const retryMs = 1000;
/** How often it is looked whether the disk is full while the node is closed, in milliseconds. */
const closeRetryMs = 50;
/** A leader tries to hand over at every so many of these looks. */
const handOverEvery = 10;

/** A replica, as far as room is concerned. */
export interface RoomUser {
  readonly group: GroupId;
  readonly isLeader: boolean;
  /** Hands the leadership to another voter. */
  transferLeadership(): Promise<NodeId>;
  /** Takes a snapshot, if there is anything new to cover. */
  shortenLog(): void;
}

/** Follows whether a node's storage has room. */
export class RoomWatch {
  readonly #storage: NodeStorage;
  readonly #users: ReadonlyMap<GroupId, RoomUser>;
  readonly #emit: (event: RuntimeEvent) => void;
  readonly #retryTicks: number;
  #ticksFull = 0;

  /**
   * @param storage - The storage.
   * @param users - The replicas that it serves.
   * @param tickMs - Length of a tick.
   * @param emit - Hears when the disk is full, and when there is room again.
   */
  constructor(
    storage: NodeStorage,
    users: ReadonlyMap<GroupId, RoomUser>,
    tickMs: number,
    emit: (event: RuntimeEvent) => void,
  ) {
    this.#storage = storage;
    this.#users = users;
    this.#emit = emit;
    this.#retryTicks = Math.max(1, Math.round(retryMs / tickMs));
  }

  /** One unit of time passed. */
  tick(): void {
    const { room } = this.#storage;
    if (room?.isFull !== true) return this.#hasRoom();
    if (this.#ticksFull === 0) this.#emit({ type: 'storageFull' });
    const ticks = this.#ticksFull++;
    if (ticks % this.#retryTicks !== 0) return;
    const handsOver = ticks % (handOverEvery * this.#retryTicks) === 0;
    // A failure of the storage is told by the saves that it rejects.
    room.retry().catch(() => undefined);
    for (const user of this.#users.values()) {
      user.shortenLog();
      // Nobody may be there to take over; then it goes on leading, for reads.
      if (handsOver && user.isLeader) user.transferLeadership().catch(() => undefined);
    }
  }

  /**
   * Waits for work to be done, or for the disk to be full, so that it may never be.
   *
   * @param work - The work.
   * @param clock - For another look now and then.
   */
  async orFull(work: Promise<unknown>, clock: Clock): Promise<void> {
    let cancel: () => void = () => undefined;
    const full = new Promise<void>((resolve) => {
      const look = () => {
        if (this.#storage.room?.isFull === true) resolve();
        else cancel = clock.after(closeRetryMs, look);
      };
      if (this.#storage.room !== undefined) look();
    });
    try {
      await Promise.race([work, full]);
    } finally {
      cancel();
    }
  }

  #hasRoom(): void {
    if (this.#ticksFull === 0) return;
    this.#ticksFull = 0;
    this.#emit({ type: 'storageHasRoom' });
  }
}
