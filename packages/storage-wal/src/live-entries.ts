/** The live entries of one segment, gathered in order to be written again elsewhere. */
import type { Entry, GroupId, LogIndex } from '@synod/core';
import type { GroupLog } from './group-log.js';
import type { LogChange } from './record.js';

/** Longest part that is handed out at once, besides a single longer entry. */
const partBytesMax = 1 << 20;

/** A part of what lives. */
export interface LivePart {
  /** Whose entries they are. */
  readonly group: GroupLog;
  /** A change that stores them again. */
  readonly change: LogChange;
}

/** Gathers the entries of a segment that are live there. */
export class LiveEntries {
  readonly #groups: ReadonlyMap<GroupId, GroupLog>;
  readonly #segment: number;
  readonly #entries = new Map<GroupLog, Map<LogIndex, Entry>>();

  /**
   * @param groups - All groups.
   * @param segment - The segment.
   */
  constructor(groups: ReadonlyMap<GroupId, GroupLog>, segment: number) {
    this.#groups = groups;
    this.#segment = segment;
  }

  /**
   * Takes what is live of a change. Of an index that the segment stores twice, the later entry is the live one, so
   * all changes must be added before any part is taken.
   *
   * @param id - Whose change it is.
   * @param change - The change. Its bytes are copied.
   */
  add(id: GroupId, change: LogChange): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    for (const entry of change.entries) {
      if (group.extents.segmentOf(entry.index) !== this.#segment) continue;
      let entries = this.#entries.get(group);
      if (entries === undefined) {
        entries = new Map();
        this.#entries.set(group, entries);
      }
      entries.set(entry.index, { ...entry, data: new Uint8Array(entry.data) });
    }
  }

  /**
   * Takes a next part, entries of one group in ascending order.
   *
   * @param bytesMax - Most bytes of data, unless one entry alone has more.
   * @returns `undefined` when everything was taken.
   */
  take(bytesMax: number): LivePart | undefined {
    for (const [group, waiting] of this.#entries) {
      const part: Entry[] = [];
      let bytes = 0;
      for (const index of [...waiting.keys()].sort((left, right) => left - right)) {
        const entry = waiting.get(index);
        if (entry === undefined) continue;
        if (part.length > 0 && bytes + entry.data.length > Math.min(bytesMax, partBytesMax)) break;
        bytes += entry.data.length;
        part.push(entry);
        waiting.delete(index);
      }
      if (waiting.size === 0) this.#entries.delete(group);
      if (part.length > 0) return { group, change: { entries: part } };
    }
    return undefined;
  }
}
