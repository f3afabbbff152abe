/** Known mistakes of storages, each planted into the shipped log and hunted with the log under the storm. */
import { loadChangedWal, type PlantedBug, type SourceChange } from './planted-bug.js';
import { walSubject } from './wal-subject.js';

function inWal(name: string, about: string, ...changes: readonly SourceChange[]): PlantedBug {
  return { name, about, load: async () => walSubject(await loadChangedWal(changes)) };
}

const put = 'await this.#put(batch, this.#zerosAfter(batch.length));\n';
const appended = `${put}    await this.#file.dataSync();`;

/** Every storage bug of the bank. */
export const storageBugs: readonly PlantedBug[] = [
  inWal('no-data-sync', 'confirms a write before the disk has synced it (Pillai and others, OSDI 2014)', {
    file: 'storage-wal/segment-chain.ts',
    from: appended,
    to: put,
  }),
  inWal('sync-not-awaited', 'confirms a write while its sync is still under way', {
    file: 'storage-wal/segment-chain.ts',
    from: appended,
    to: `${put}    this.#file.dataSync().catch(() => undefined);`,
  }),
  inWal('failed-sync-ignored', 'goes on after a failed sync (fsyncgate; Rebello and others, ATC 2020)', {
    file: 'storage-wal/segment-chain.ts',
    from: appended,
    to: `${put}    await this.#file.dataSync().catch(() => undefined);`,
  }),
  inWal(
    'segment-name-not-synced',
    'does not sync the folder after it made a segment (Pillai and others, OSDI 2014)',
    {
      file: 'storage-wal/segment-chain.ts',
      from: 'await file.close();\n  }\n  await fileSystem.syncDirectory(walDirectory);',
      to: 'await file.close();\n  }',
    },
    {
      file: 'storage-wal/segment-chain.ts',
      from: 'await fileSystem.rename(path + preparedSuffix, path);\n  await fileSystem.syncDirectory(walDirectory);',
      to: 'await fileSystem.rename(path + preparedSuffix, path);',
    },
  ),
  inWal('checksum-not-checked', 'accepts a record whose checksum is wrong (Ganesan and others, FAST 2017)', {
    file: 'integrity/frame.ts',
    from: 'if (!frameCheckHolds(bytes, offset, end, expectation)) return damaged.payload;',
    to: '',
  }),
  inWal(
    'tail-cut-at-damage',
    'takes damage in the middle of the log for its torn end (FAST 2018, §3.3)',
    {
      file: 'storage-wal/recovery.ts',
      from: 'if (whole !== undefined) {',
      to: 'if (whole === -1) {',
    },
    {
      file: 'storage-wal/recovery.ts',
      from: 'if (reason !== undefined) throw',
      to: "if (reason === '') throw",
    },
  ),
  inWal('tail-cut-too-far', 'cuts the last whole batch off together with the torn one', {
    file: 'storage-wal/recovery.ts',
    from: 'this.#tornTail = { file, offset, bytes',
    to: 'this.#tornTail = { file, offset: this.#lastBatch?.offset ?? offset, bytes',
  }),
  inWal(
    'tail-kept',
    'leaves a torn end where it is and goes on after it',
    {
      file: 'storage-wal/open-wal.ts',
      from: 'if (end !== undefined) await file.truncate(end);',
      to: '',
    },
    {
      file: 'storage-wal/recovery.ts',
      from: 'lengthBytes: offset });',
      to: 'lengthBytes: this.#tornTail === undefined ? offset : this.#fileBytes });',
    },
  ),
  inWal(
    'snapshot-not-synced',
    'gives a snapshot its name before its bytes are durable (Chidambaram, SOSP 2013)',
    {
      file: 'storage-wal/snapshot-writer.ts',
      from: 'await file.dataSync();',
      to: '',
    },
  ),
  inWal('snapshot-name-not-synced', 'confirms a snapshot before its name is durable', {
    file: 'storage-wal/snapshot-writer.ts',
    from: 'await fileSystem.syncDirectory(directoryOf(path));',
    to: '',
  }),
  inWal('identity-not-synced', 'renames the identity over the old one before its bytes are durable', {
    file: 'storage-wal/replace-file.ts',
    from: 'await file.dataSync();',
    to: '',
  }),
  inWal('old-segment-too-early', 'removes old segments before the log durably says that it begins later', {
    file: 'storage-wal/segment-turnover.ts',
    from: 'await chain.append(this.#writer);\n    for (const group of rewritten) group.apply(group.state(), chain.last);\n',
    to: '',
  }),
  inWal('unsynced-recovered', 'relies on what it read at the start without making it durable', {
    file: 'storage-wal/open-wal.ts',
    from: 'else await resync(fileSystem, log, last?.sequence ?? 1);',
    to: '',
  }),
  inWal('held-write-overtaken', 'lets later writes go before one that waits for room on a full disk', {
    file: 'storage-wal/group-commit.ts',
    from: 'this.#waiting.unshift(batch);',
    to: 'this.#waiting.push(batch);',
  }),
  inWal('zeros-left-behind', 'leaves the zeros for later batches in a segment that it leaves', {
    file: 'storage-wal/segment-chain.ts',
    from: 'await this.#cutZeros(this.#last.lengthBytes + batch.length);',
    to: '',
  }),
];
