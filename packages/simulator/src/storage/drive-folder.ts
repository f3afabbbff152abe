/**
 * The names in one folder of a simulated drive: as programs see them, and as they would be after the power went. Their
 * changes become durable in their order, as a journaling file system does it: a crash forgets the newest ones.
 */
import type { Random } from '@synod/core';
import type { DriveFile } from './drive-file.js';

type NameChange =
  | { readonly type: 'create'; readonly name: string; readonly file: DriveFile }
  | { readonly type: 'remove'; readonly name: string }
  | { readonly type: 'rename'; readonly from: string; readonly to: string };

/** Names and their files. */
export class DriveFolder {
  #durable = new Map<string, DriveFile>();
  #current = new Map<string, DriveFile>();
  #changes: NameChange[] = [];
  #changed = 0;

  /** Names as programs see them. */
  get names(): readonly string[] {
    return [...this.#current.keys()];
  }

  /** Changes so far: what a sync that begins now covers. */
  get changed(): number {
    return this.#changed;
  }

  /** Names that are durable, with their files. */
  get durable(): ReadonlyMap<string, DriveFile> {
    return this.#durable;
  }

  find(name: string): DriveFile | undefined {
    return this.#current.get(name);
  }

  change(change: NameChange): void {
    this.#changes.push(change);
    this.#changed++;
    applyTo(this.#current, change);
  }

  /** Makes the first so many of all changes durable. */
  sync(changed: number): void {
    const done = this.#changes.splice(0, Math.max(0, changed - this.#changed + this.#changes.length));
    for (const change of done) applyTo(this.#durable, change);
  }

  /** The power goes: some of the oldest changes may be durable all the same. */
  crash(random: Random): void {
    const kept = random.integer(0, this.#changes.length + 1);
    for (const change of this.#changes.splice(0).slice(0, kept)) applyTo(this.#durable, change);
    this.#current = new Map(this.#durable);
  }

  /** Forgets a name, durably. */
  lose(name: string): void {
    this.#current.delete(name);
    this.#durable.delete(name);
  }

  /** Another folder in the same state, with copies of the files. */
  copy(copyOf: (file: DriveFile) => DriveFile): DriveFolder {
    const copy = new DriveFolder();
    const copied = (names: ReadonlyMap<string, DriveFile>) =>
      new Map([...names].map(([name, file]): [string, DriveFile] => [name, copyOf(file)]));
    copy.#durable = copied(this.#durable);
    copy.#current = copied(this.#current);
    copy.#changed = this.#changed;
    copy.#changes = this.#changes.map((change) =>
      change.type === 'create' ? { ...change, file: copyOf(change.file) } : change,
    );
    return copy;
  }
}

function applyTo(names: Map<string, DriveFile>, change: NameChange): void {
  if (change.type === 'create') names.set(change.name, change.file);
  else if (change.type === 'remove') names.delete(change.name);
  else {
    const file = names.get(change.from);
    if (file === undefined) return;
    names.delete(change.from);
    names.set(change.to, file);
  }
}
