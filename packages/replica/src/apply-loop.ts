/**
 * Applies what is committed to the state machine, in order, each entry once, and gives the event loop its turn in
 * between, so that a long backlog does not starve heartbeats.
 */
import {
  ByteReader,
  type Clock,
  type Entry,
  invariant,
  type LogIndex,
  type Membership,
  readMembership,
  type SnapshotMeta,
  type StateMachine,
  type Term,
} from '@synod/core';
import type { ReplicaSettings, SnapshotPace } from './limits.js';
import type { Proposals } from './proposals.js';
import type { ReplicaStatus } from './replica.js';

type ApplyItem =
  | { readonly type: 'entries'; readonly entries: readonly Entry[]; next: number }
  | { readonly type: 'install'; readonly meta: SnapshotMeta };

/** Entries between two looks at the clock. */
const entriesPerClockLook = 32;

/** What an apply loop asks of the replica around it. */
export interface ApplyHooks {
  /** Restores the state machine from the stored snapshot, which is this one or a newer one; says which. */
  readonly restore: (meta: SnapshotMeta) => Promise<SnapshotMeta>;
  /** The state machine has come from one index to another. */
  readonly applied: (from: LogIndex, to: LogIndex) => void;
  /** A restore ended well: the loop can go on. */
  readonly resumed: () => void;
  /** A restore failed. */
  readonly failed: (cause: unknown) => void;
}

/** The apply loop of one replica. */
export class ApplyLoop<Result> {
  readonly #machine: StateMachine<Result>;
  readonly #proposals: Proposals<Result>;
  readonly #settings: ReplicaSettings;
  readonly #clock: Clock;
  readonly #hooks: ApplyHooks;
  readonly #queue: ApplyItem[] = [];
  #restoring: Promise<void> | undefined;
  /** Last index put into the queue. */
  #queuedIndex: LogIndex = 0;
  /** Last entry that the state machine has applied, and the membership that governs behind it. */
  #index: LogIndex = 0;
  #term: Term = 0;
  #membership: Membership;
  /** Entries applied, or passed over because they carry no command. */
  entries = 0;
  /** Entries since the last snapshot. */
  #entriesSinceSnapshot = 0;
  /** Bytes of commands since the last snapshot. */
  #bytesSinceSnapshot = 0;

  constructor(
    machine: StateMachine<Result>,
    proposals: Proposals<Result>,
    membership: Membership,
    settings: ReplicaSettings,
    clock: Clock,
    hooks: ApplyHooks,
  ) {
    this.#machine = machine;
    this.#proposals = proposals;
    this.#settings = settings;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#membership = membership;
  }

  /** Last index that the state machine has applied. */
  get index(): LogIndex {
    return this.#index;
  }

  /** Describes the state machine as it is now: what a snapshot taken now would say. */
  get state(): SnapshotMeta {
    return { index: this.#index, term: this.#term, membership: this.#membership };
  }

  /** How far it is, as a replica's status tells it: while the state is being replaced, what it is that of is open. */
  get progress(): Pick<ReplicaStatus, 'appliedIndex' | 'applied'> {
    return { appliedIndex: this.#index, applied: this.isRestoring ? undefined : this.state };
  }

  /** Whether the state machine is being replaced. */
  get isRestoring(): boolean {
    return this.#restoring !== undefined;
  }

  /** Whether nothing waits to be applied. */
  get isIdle(): boolean {
    return this.#restoring === undefined && this.#queue.length === 0;
  }

  /** Resolves when no restore is under way. */
  async idle(): Promise<void> {
    await this.#restoring;
  }

  /** Whether so many entries or bytes were applied since the last snapshot; then it begins to count anew. */
  isSnapshotDue({
    snapshotEveryEntries: entries,
    snapshotEveryBytes: bytes,
  }: Required<SnapshotPace>): boolean {
    if (this.#entriesSinceSnapshot < entries && this.#bytesSinceSnapshot < bytes) return false;
    this.#entriesSinceSnapshot = 0;
    this.#bytesSinceSnapshot = 0;
    return true;
  }

  /** Puts a snapshot into the queue. */
  install(meta: SnapshotMeta): void {
    invariant(
      meta.index >= this.#queuedIndex,
      `snapshot ${meta.index} does not lie behind index ${this.#queuedIndex}`,
    );
    this.#queuedIndex = meta.index;
    this.#queue.push({ type: 'install', meta });
  }

  /** Puts committed entries into the queue. */
  commit(entries: readonly Entry[]): void {
    const first = entries[0];
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return;
    invariant(
      first.index === this.#queuedIndex + 1,
      `committed entries go on at index ${this.#queuedIndex + 1}, not at ${first.index}`,
    );
    this.#queuedIndex = last.index;
    this.#queue.push({ type: 'entries', entries, next: 0 });
  }

  /**
   * Applies until the queue is empty or the slice is used up.
   *
   * @returns Whether there is more to apply at once.
   */
  advance(): boolean {
    if (this.isRestoring || this.#queue.length === 0) return false;
    const from = this.#index + 1;
    const hasMore = this.#applySlice();
    if (this.#index >= from) this.#hooks.applied(from, this.#index);
    return hasMore;
  }

  #applySlice(): boolean {
    const endMs = this.#clock.now() + this.#settings.applySliceMs;
    let left = this.#settings.applyEntriesMax;
    for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
      if (item.type === 'install') {
        this.#queue.shift();
        this.#restore(item.meta);
        return false;
      }
      const { entries } = item;
      for (let entry = entries[item.next]; entry !== undefined; entry = entries[item.next]) {
        if (left === 0) return true;
        item.next++;
        left--;
        this.#apply(entry);
        if (left % entriesPerClockLook === 0 && this.#clock.now() >= endMs) left = 0;
      }
      this.#queue.shift();
    }
    return false;
  }

  #apply(entry: Entry): void {
    this.entries++;
    if (entry.index <= this.#index) {
      // A newer snapshot than the one to install was restored, and covers this entry.
      this.#proposals.passedOver(entry);
      return;
    }
    this.#entriesSinceSnapshot++;
    this.#bytesSinceSnapshot += entry.data.length;
    if (entry.kind === 'command') {
      this.#proposals.commandApplied(entry, this.#machine.apply(entry.index, entry.data));
    } else if (entry.kind === 'membership') {
      this.#membership = readMembership(new ByteReader(entry.data));
      this.#proposals.changeApplied(entry);
    }
    this.#index = entry.index;
    this.#term = entry.term;
  }

  #restore(meta: SnapshotMeta): void {
    if (meta.index <= this.#index) return;
    const from = this.#index + 1;
    this.#restoring = this.#hooks.restore(meta).then(
      (restored) => {
        this.#restoring = undefined;
        this.#index = restored.index;
        this.#term = restored.term;
        this.#membership = restored.membership;
        this.#entriesSinceSnapshot = 0;
        this.#bytesSinceSnapshot = 0;
        this.#hooks.applied(from, meta.index);
        this.#hooks.resumed();
      },
      (cause: unknown) => this.#hooks.failed(cause),
    );
  }
}
