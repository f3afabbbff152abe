/**
 * What must be on disk, as values. An engine asks for a {@link DurableWrite}; a storage makes it durable as one unit
 * and gives back the receipt; nothing that relies on it leaves the node before. The same shape serves Raft, whose log
 * is a prefix that conflicts truncate, and Multi-Paxos, whose slots are accepted out of order and may be accepted
 * again under a higher ballot: entries replace what stood at their index, and truncation is always said.
 */
import type { Entry } from './entry.js';
import type { GroupId, Incarnation, LogIndex, LogPosition, NodeId } from './ids.js';
import type { Membership } from './membership.js';

/** Names one {@link DurableWrite}, so that a late answer from the disk is recognised. */
export interface SaveReceipt {
  /** 1, 2, 3 and so on in the life of one engine. */
  readonly sequence: number;
  /**
   * Last entry of the write, or `undefined` when it holds none. A receipt whose entry was overwritten meanwhile says
   * nothing about what stands there now (the asynchronous-storage ABA problem).
   */
  readonly last: LogPosition | undefined;
}

/**
 * One atomic, ordered change of a group's durable state. Applied in the order of the fields; after a crash either all
 * of it is there or none.
 */
export interface DurableWrite {
  /** Goes back to the engine as a `saved` input when the write is durable. */
  readonly receipt: SaveReceipt;
  /**
   * Forget all entries through this position: they are covered by a snapshot. The log then starts after it, unless it
   * starts later already.
   */
  readonly discardThrough?: LogPosition | undefined;
  /** Forget all entries from this index on. */
  readonly truncateFrom?: LogIndex | undefined;
  /** Entries to store, ascending; each replaces what stood at its index. */
  readonly entries: readonly Entry[];
  /** The engine's own small record (Raft: term, vote, commit; Paxos: promise, decided); replaces the one before. */
  readonly hardState?: Uint8Array | undefined;
}

/** Describes a snapshot: the state machine after applying everything through one position. */
export interface SnapshotMeta {
  /** Last index that the snapshot covers. */
  readonly index: LogIndex;
  /** Term or ballot of the entry at that index. */
  readonly term: LogPosition['term'];
  /** Membership that governs just after it. */
  readonly membership: Membership;
}

/** What a storage found for one group when it was opened. */
export interface RecoveredState {
  /** The last durable hard state; absent for a group that never saved one. */
  readonly hardState?: Uint8Array;
  /** Through where the log was discarded; {@link logStart} when it begins at 1. */
  readonly discarded: LogPosition;
  /** The durable entries after it, ascending by index. Contiguous for Raft. */
  readonly entries: readonly Entry[];
  /** The newest complete snapshot. */
  readonly snapshot?: SnapshotMeta;
}

/** Takes a snapshot's bytes in order. Nothing of it can be seen before {@link SnapshotWriter.commit}. */
export interface SnapshotWriter {
  /**
   * Adds bytes at the end.
   *
   * @param chunk - The next bytes; not kept after the promise resolves.
   */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the snapshot durable and visible, and drops older ones. Resolves when a crash can no longer lose it. */
  commit(): Promise<void>;
  /** Drops what was written. */
  abort(): Promise<void>;
}

/** Reads one stored snapshot. */
export interface SnapshotReader {
  /** What it describes. */
  readonly meta: SnapshotMeta;
  /** Length of the state machine's bytes. */
  readonly bytesTotal: number;
  /**
   * Reads a part.
   *
   * @param offset - First byte, from 0.
   * @param length - Most bytes wanted; fewer come at the end.
   * @throws a {@link SynodError} with code `STORAGE_CORRUPT` when the bytes do not match their checksum.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Lets go of the file. */
  close(): Promise<void>;
}

/** Durable state of one group. */
export interface GroupStorage {
  /** The group. */
  readonly group: GroupId;
  /** What was durable when the storage was opened. Call it once, before the first {@link GroupStorage.save}. */
  recover(): RecoveredState;
  /**
   * Makes a write durable.
   *
   * @remarks Calls may overlap: writes become durable in the order of the calls, and those that wait together share
   * one sync of the disk, across all groups of the storage.
   * @returns Settles when the write is durable; while the disk is full, that is when room has come back. A rejection is
   * final: the storage is failed and the node must stop, since nobody knows what the disk holds.
   */
  save(write: DurableWrite): Promise<void>;
  /**
   * Starts storing a snapshot.
   *
   * @param meta - What it describes.
   */
  beginSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter>;
  /** Opens the newest complete snapshot, or gives `undefined` when there is none. */
  openSnapshot(): Promise<SnapshotReader | undefined>;
}

/**
 * Durable record of who is who. A node's storage has a random {@link Incarnation} from birth; peers remember it. A
 * node that comes back under another one has lost its disk, and with it the votes and promises it gave: it must not
 * vote again (paxos-made-live §5.1 calls it a corrupted replica).
 */
export interface IncarnationRegister {
  /** This storage's own incarnation. */
  readonly own: Incarnation;
  /** Whether this node was ever admitted to vote. Durable. */
  readonly admitted: boolean;
  /**
   * The incarnation under which a peer is known.
   *
   * @param peer - The peer.
   */
  known(peer: NodeId): Incarnation | undefined;
  /**
   * Remembers a peer's incarnation; settles when that is durable.
   *
   * @param peer - The peer, not known before.
   * @param incarnation - What to remember.
   */
  record(peer: NodeId, incarnation: Incarnation): Promise<void>;
  /** Remembers that this node was admitted to vote; settles when that is durable. */
  admit(): Promise<void>;
}

/**
 * Whether there is room for more on the disk of a storage that goes on when there is none. What an engine has asked to
 * be saved cannot be taken back, so such a save waits; what can still be refused, a proposal above all, the caller
 * refuses while {@link StorageRoom.isFull} says so.
 */
export interface StorageRoom {
  /** Whether room was missing and has not come back. Saves may still succeed, from what the storage keeps in reserve. */
  readonly isFull: boolean;
  /** Looks whether room has come back, and goes on when it has. Call it now and then while it is full. */
  retry(): Promise<void>;
}

/** Durable state of one node: its register of incarnations and the logs of its groups. */
export interface NodeStorage {
  /** Who is who. */
  readonly incarnations: IncarnationRegister;
  /**
   * The storage of one group, made when it is first asked for.
   *
   * @param group - The group.
   */
  group(group: GroupId): GroupStorage;
  /** How it stands with room on the disk; absent in a storage that fails for good when there is none. */
  readonly room?: StorageRoom;
  /** Finishes the writes under way and lets go of the files. */
  close(): Promise<void>;
}
