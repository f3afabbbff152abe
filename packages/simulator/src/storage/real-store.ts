/**
 * A real storage over a simulated drive, under a node. Beside it stands a mirror of what it confirmed, and that is what
 * the storage is held to: at every start it must recover all that it confirmed, then a beginning of what was under way,
 * and nothing else; or, when bits on the drive were flipped, refuse with the error that says so.
 */
import {
  type DurableWrite,
  type GroupStorage,
  isSynodError,
  type NodeStorage,
  type Random,
} from '@synod/core';
import { exponential } from '../drawing.js';
import type { NodeStore, SnapshotFate, StopReason, StoreOwner, SyncFate } from '../node-store.js';
import { SimulatedDisk, type StoredSnapshot } from '../simulated-disk.js';
import { demand } from '../violation.js';
import { isSameSnapshot, matchRecovered } from './match-recovered.js';
import type { OpenStorage } from './open-storage.js';
import type { PromiseWatch } from './promise-watch.js';
import { SimulatedDrive } from './simulated-drive.js';
import type { DriveOperation } from './simulated-file-system.js';
import { type Opening, openNodeStorage, readStored, writeSnapshot } from './storage-calls.js';

interface Save {
  readonly write: DurableWrite | undefined;
  readonly saved: () => void;
  isConfirmed: boolean;
}

const group = 0;
/** Mean length of an operation that waits for no disk, in microseconds. */
const callUs = 20;
/** Share of crashes that end only the process: what it wrote is still in the machine's memory. */
const killShare = 0.3;
/** On a full disk files may still grow by less than this. */
const roomLeftMax = 100;

/** Keeps a node's durable state in a real storage. */
export class RealStore implements NodeStore {
  readonly disk = new SimulatedDisk();
  readonly #owner: StoreOwner;
  readonly #open: OpenStorage;
  readonly #settings: Random;
  readonly #watch: PromiseWatch;
  readonly #drive: SimulatedDrive;
  #opened: NodeStorage | undefined;
  #isClosing = false;
  #storage: GroupStorage | undefined;
  #identity: NodeStorage['incarnations']['own'] | undefined;
  #saves: Save[] = [];
  /** Writes that were asked for and not confirmed, of this life and of those before it that did not come up. */
  #unconfirmed: DurableWrite[] = [];
  /** Snapshots that may be stored without having been confirmed. */
  #attempted: StoredSnapshot[] = [];
  /** Who waits for a snapshot of this life to be stored. */
  readonly #storing = new Set<(fate: SnapshotFate) => void>();
  #fate: SyncFate = 'succeeds';
  /** What was done to the drive in this life, so that it may fail. */
  #broken: SyncFate = 'succeeds';
  isRotten = false;

  /**
   * @param owner - The process.
   * @param open - Opens the storage.
   * @param settings - Randomness for the storage's settings, at the same place for every node and life.
   * @param watch - Told when promises may move.
   */
  constructor(owner: StoreOwner, open: OpenStorage, settings: Random, watch: PromiseWatch) {
    this.#owner = owner;
    this.#open = open;
    this.#settings = settings;
    this.#watch = watch;
    const random = owner.random.fork('drive');
    this.#drive = new SimulatedDrive({
      random,
      blockBytes: [16, 64, 512, 4096][random.integer(0, 4)] ?? 512,
      pace: (operation, done) => this.#pace(operation, done),
    });
  }

  get saving(): number {
    return this.#saves.length;
  }

  get nextSync(): SyncFate {
    return this.#fate;
  }

  set nextSync(fate: SyncFate) {
    this.#fate = fate;
    if (fate !== 'succeeds') this.#broken = fate;
    this.#drive.mend();
    if (fate === 'fails') this.#drive.failFrom('dataSync', 1, 'EIO');
    if (fate === 'finds no room') this.#fill();
    else this.#makeRoom();
  }

  get isFull(): boolean {
    return this.#opened?.room?.isFull === true;
  }

  readonly findRoom = () => {
    if (this.#fate === 'finds no room') this.nextSync = 'succeeds';
  };

  /** Either files cannot grow any more, or nothing can be written: some file systems write everything elsewhere. */
  #fill(): void {
    const { random } = this.#owner;
    if (random.chance(0.5)) this.#drive.failFrom('write', 1, 'ENOSPC');
    else this.#drive.leaveRoom(random.integer(0, roomLeftMax));
  }

  #makeRoom(): void {
    this.#drive.leaveRoom(Number.POSITIVE_INFINITY);
    const room = this.#opened?.room;
    if (room?.isFull !== true || this.#isClosing) return;
    this.#when(
      room.retry(),
      () => undefined,
      (error) => this.#fail(error),
    );
  }

  open(opened: (outcome: 'recovered' | 'refused') => void): void {
    this.nextSync = 'succeeds';
    this.#broken = 'succeeds';
    const { id, coverage } = this.#owner;
    const opening = openNodeStorage(this.#open, group, {
      node: id,
      fileSystem: this.#drive.boot(),
      settings: this.#settings.clone(),
      reach: (situation) => coverage.reach(situation),
    });
    this.#when(
      opening,
      (found) => {
        this.#adopt(found);
        opened('recovered');
      },
      (error) => {
        this.#demandTyped(error, 'refuses what its disk holds');
        coverage.reach('damaged storage refused');
        opened('refused');
      },
    );
  }

  save(write: DurableWrite | undefined, saved: () => void): void {
    const save: Save = { write, saved, isConfirmed: write === undefined };
    this.#saves.push(save);
    if (write === undefined || this.#storage === undefined) return;
    this.#unconfirmed.push(write);
    this.#when(
      this.#storage.save(write),
      () => this.#confirm(save),
      (error) => this.#fail(error),
    );
  }

  storeSnapshot(snapshot: StoredSnapshot, done: (fate: SnapshotFate) => void): void {
    if (this.#storage === undefined) return done('failed');
    this.#attempted.push(snapshot);
    this.#storing.add(done);
    const end = (fate: SnapshotFate) => {
      if (this.#storing.delete(done)) done(fate);
    };
    this.#when(
      writeSnapshot(this.#storage, snapshot),
      () => {
        const isNewer = (this.disk.snapshot?.meta.index ?? 0) < snapshot.meta.index;
        this.disk.store(snapshot);
        end(isNewer ? 'stored' : 'superseded');
      },
      (error) => {
        // Closing gives up a snapshot that is being written.
        if (!this.#isClosing) this.#demandCause(error, 'SNAPSHOT_FAILED');
        this.#owner.coverage.reach('snapshot not stored');
        end('failed');
      },
    );
  }

  readSnapshot(use: (snapshot: StoredSnapshot | undefined) => void): void {
    if (this.#storage === undefined) return use(undefined);
    this.#when(
      readStored(this.#storage),
      (found) => {
        const known = [this.disk.snapshot, ...this.#attempted];
        demand(
          found !== undefined &&
            known.some((snapshot) => snapshot !== undefined && isSameSnapshot(snapshot, found)),
          'confirmed is recovered',
          () =>
            `${this.#owner.id} reads a snapshot that it never stored: through ${found?.meta.index ?? 'nothing'}`,
        );
        use(found);
      },
      (error) => {
        if (this.#isClosing) return;
        this.#demandTyped(error, 'cannot read its snapshot');
        this.#owner.coverage.reach('damaged snapshot not sent');
        use(undefined);
      },
    );
  }

  close(closed: () => void): void {
    const storage = this.#opened;
    if (storage === undefined) return closed();
    this.#isClosing = true;
    this.#when(storage.close(), closed, (error) => this.#fail(error));
  }

  end(why: StopReason): void {
    const { random, coverage } = this.#owner;
    if (why === 'shut down')
      demand(
        this.#unconfirmed.length === 0,
        'storage contract',
        () =>
          `${this.#owner.id}: its storage was closed with ${this.#unconfirmed.length} writes that it did not confirm`,
      );
    this.#opened = undefined;
    this.#isClosing = false;
    this.#storage = undefined;
    this.#saves = [];
    const waiting = [...this.#storing];
    this.#storing.clear();
    if (why === 'failed' || random.chance(killShare)) this.#drive.kill();
    else if (this.#drive.crash()) coverage.reach('write torn by a crash');
    for (const done of waiting) done('failed');
  }

  rot(): boolean {
    if (this.#drive.rot() === undefined) return false;
    this.isRotten = true;
    return true;
  }

  #adopt({ storage, state, snapshot }: Opening): void {
    const { id, coverage } = this.#owner;
    const { own } = storage.incarnations;
    demand(
      this.#identity === undefined || (this.#identity === own && storage.incarnations.admitted),
      'confirmed is recovered',
      () => `${id} comes back as storage ${own}, which was ${this.#identity} and admitted`,
    );
    const kept = matchRecovered(id, this.disk, { state, snapshot }, this.#unconfirmed, this.#attempted);
    if (kept > 0) coverage.reach('crash kept writes that were not acknowledged');
    if (kept < this.#unconfirmed.length) coverage.reach('crash lost writes');
    this.#unconfirmed = [];
    this.#attempted = [];
    this.#identity = own;
    this.disk.become(state, snapshot);
    this.#opened = storage;
    this.#storage = storage.group(group);
  }

  #confirm(save: Save): void {
    save.isConfirmed = true;
    const { id, settle } = this.#owner;
    demand(
      this.#saves.find(({ write }) => write !== undefined) === save,
      'storage contract',
      () => `${id}: its storage confirms a write before one that was asked for earlier`,
    );
    for (let first = this.#saves[0]; first?.isConfirmed === true; first = this.#saves[0]) {
      this.#saves.shift();
      if (first.write !== undefined) {
        this.disk.apply(first.write);
        this.#unconfirmed.shift();
      }
      first.saved();
    }
    settle();
  }

  /** The storage takes nothing more. */
  #fail(error: unknown): void {
    const { coverage, stop } = this.#owner;
    this.#demandCause(error, 'STORAGE_FAILED');
    demand(
      this.#broken !== 'finds no room' || this.#opened?.room === undefined,
      'storage contract',
      () =>
        `${this.#owner.id}: its storage fails on a full disk, though it says that it waits for room: ${error}`,
    );
    if (this.#broken === 'fails') coverage.reach('sync failed');
    if (this.#broken === 'finds no room') coverage.reach('disk full');
    stop('failed');
  }

  /** A call may fail because the drive does, or because of a flipped bit; and it must say so. */
  #demandCause(error: unknown, code: string): void {
    if (
      isSynodError(error) &&
      this.#broken !== 'succeeds' &&
      (error.code === code || error.code === 'STORAGE_FAILED')
    )
      return;
    this.#demandTyped(error, 'fails');
  }

  #demandTyped(error: unknown, what: string): void {
    const typed = isSynodError(error) && ['STORAGE_CORRUPT', 'STORAGE_VERSION'].includes(error.code);
    const reason = () => (error instanceof Error ? error.message : String(error));
    demand(
      typed && this.isRotten,
      'storage contract',
      () =>
        `${this.#owner.id}: its storage ${what}, ${this.isRotten ? 'but not with the error for damage' : 'though its disk is sound'}: ${reason()}`,
    );
  }

  #pace(operation: DriveOperation, done: () => void): void {
    this.#watch.stirred = true;
    const { random, later, meanSyncUs, stop } = this.#owner;
    const reachesDisk = operation === 'dataSync' || operation === 'syncDirectory';
    const tookUs = reachesDisk ? 20 + exponential(random, meanSyncUs()) : 1 + exponential(random, callUs);
    if (operation === 'dataSync' && this.#fate === 'is cut by a crash') {
      this.#fate = 'succeeds';
      return later(tookUs / 2, () => stop('crashed'));
    }
    later(tookUs, () => {
      this.#watch.stirred = true;
      done();
    });
  }

  /** Goes on in an event of its own when a promise has settled, if the life still lasts. */
  #when<Value>(
    promise: Promise<Value>,
    then: (value: Value) => void,
    otherwise: (error: unknown) => void,
  ): void {
    this.#watch.stirred = true;
    const { later } = this.#owner;
    promise.then(
      (value) => later(0, () => then(value)),
      (error: unknown) => later(0, () => otherwise(error)),
    );
  }
}
