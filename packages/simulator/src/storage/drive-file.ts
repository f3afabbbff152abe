/**
 * One file on a simulated drive, twice: as programs see it, and as it would be after the power went. In between stand
 * the changes that no sync has made durable yet. At a crash each of them may be there, not there, or there in part,
 * block by block and in any order, as a disk with a write cache does it.
 */
import type { Random } from '@synod/core';

type Change =
  | { readonly type: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly length: number };

/** Bytes that grow and shrink in place. */
class FileImage {
  #bytes = new Uint8Array(0);
  length = 0;

  write(position: number, added: Uint8Array): void {
    this.truncate(Math.max(this.length, position + added.length));
    this.#bytes.set(added, position);
  }

  truncate(length: number): void {
    if (length > this.#bytes.length) {
      const roomier = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      roomier.set(this.#bytes.subarray(0, this.length));
      this.#bytes = roomier;
    }
    if (length < this.length) this.#bytes.fill(0, length, this.length);
    this.length = length;
  }

  slice(from: number, to: number): Uint8Array {
    return this.#bytes.slice(Math.min(from, this.length), Math.min(to, this.length));
  }

  flip(offset: number, mask: number): void {
    if (offset < this.length) this.#bytes[offset] = (this.#bytes[offset] ?? 0) ^ mask;
  }

  become(other: FileImage): void {
    this.#bytes = other.#bytes.slice();
    this.length = other.length;
  }
}

/** Contents of one file. */
export class DriveFile {
  readonly #durable = new FileImage();
  readonly #current = new FileImage();
  #changes: Change[] = [];
  #changed = 0;
  /** Syncs that had something to make durable, and what the last of them wrote. */
  #syncs = 0;
  #lastSynced: readonly [from: number, to: number] = [0, 0];

  /** Length as programs see it. */
  get length(): number {
    return this.#current.length;
  }

  /** Changes so far: what a sync that begins now covers. */
  get changed(): number {
    return this.#changed;
  }

  read(position: number, length: number): Uint8Array {
    return this.#current.slice(position, position + length);
  }

  write(position: number, bytes: Uint8Array): void {
    this.#change({ type: 'write', position, bytes: bytes.slice() });
  }

  truncate(length: number): void {
    this.#change({ type: 'truncate', length });
  }

  /** Makes the first so many of all changes durable. */
  sync(changed: number): void {
    const done = this.#changes.splice(0, Math.max(0, changed - this.#changed + this.#changes.length));
    for (const change of done) applyTo(this.#durable, change);
    const writes = done.filter((change) => change.type === 'write');
    if (writes.length === 0) return;
    this.#syncs++;
    this.#lastSynced = [
      Math.min(...writes.map(({ position }) => position)),
      Math.max(...writes.map(({ position, bytes }) => position + bytes.length)),
    ];
  }

  /**
   * A sync fails. As on Linux, what could not be written counts as clean from now on: programs can still read it, and
   * it is on the disk in part at most (Rebello and others, "Can Applications Recover from fsync Failures?", 2020).
   */
  failSync(random: Random, blockBytes: number): void {
    for (const change of this.#changes.splice(0)) tear(this.#durable, change, random, blockBytes);
  }

  /** The power goes. Tells whether a write was kept in part. */
  crash(random: Random, blockBytes: number): boolean {
    let torn = false;
    for (const change of this.#changes.splice(0)) {
      if (tear(this.#durable, change, random, blockBytes) === 'in part') torn = true;
    }
    this.#current.become(this.#durable);
    return torn;
  }

  /** Replaces the contents, durably. */
  replace(bytes: Uint8Array): void {
    this.#changes = [];
    for (const image of [this.#durable, this.#current]) {
      image.truncate(0);
      image.write(0, bytes);
    }
  }

  /**
   * Flips one durable bit, or does nothing when no byte is old enough. What the last of several syncs wrote is spared:
   * at the end of a log nobody can tell damage from a write that a crash cut short.
   */
  rot(random: Random): number | undefined {
    const [from, to] = this.#syncs > 1 ? this.#lastSynced : [0, 0];
    const spared = Math.max(0, Math.min(to, this.#durable.length) - from);
    const size = this.#durable.length - spared;
    if (size <= 0) return undefined;
    const drawn = random.integer(0, size);
    const offset = drawn < from ? drawn : drawn + spared;
    const mask = 1 << random.integer(0, 8);
    this.#durable.flip(offset, mask);
    // Whether a running program meets it depends on what is still in memory.
    if (random.chance(0.5)) this.#current.flip(offset, mask);
    return offset;
  }

  copy(): DriveFile {
    const copy = new DriveFile();
    copy.#durable.become(this.#durable);
    copy.#current.become(this.#current);
    copy.#changes = this.#changes.slice();
    copy.#changed = this.#changed;
    copy.#syncs = this.#syncs;
    copy.#lastSynced = this.#lastSynced;
    return copy;
  }

  #change(change: Change): void {
    this.#changes.push(change);
    this.#changed++;
    applyTo(this.#current, change);
  }
}

function applyTo(image: FileImage, change: Change): void {
  if (change.type === 'truncate') image.truncate(change.length);
  else image.write(change.position, change.bytes);
}

/** What a change that nobody synced comes to: nothing, all, a beginning, or any of its blocks. */
function tear(
  image: FileImage,
  change: Change,
  random: Random,
  blockBytes: number,
): 'nothing' | 'all' | 'in part' {
  const how = random.integer(0, 4);
  if (how === 0) return 'nothing';
  if (how === 1 || change.type === 'truncate') {
    applyTo(image, change);
    return 'all';
  }
  const { position, bytes } = change;
  if (how === 2) {
    const kept = random.integer(0, bytes.length + 1);
    image.write(position, bytes.subarray(0, kept));
    return kept > 0 && kept < bytes.length ? 'in part' : 'all';
  }
  let kept = 0;
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + blockBytes - ((position + start) % blockBytes));
    if (random.chance(0.5)) {
      image.write(position + start, bytes.subarray(start, end));
      kept += end - start;
    }
    start = end;
  }
  return kept > 0 && kept < bytes.length ? 'in part' : 'all';
}
