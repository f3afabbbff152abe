/** Real write-ahead logs under the storm: small segments and chunks, so that much of what is rare happens often. */
import type { NodeId } from '@synod/core';
import type { OpenStorage } from '@synod/simulator';
import { openWal, type WalEvent } from '@synod/storage-wal/portable';
import { paxosSubject } from './paxos-subject.js';
import { type RaftSubject, raftSubject } from './raft-subject.js';
import type { EngineName, StormSubject } from './storm-subject.js';

/** Opens a storage, as `openWal` does: the real one, or one with a planted bug. */
export type OpenWal = typeof openWal;

/** What nodes save to: a fast model of a storage, or the real log. */
export type StorageName = 'model' | 'wal';

/**
 * What storms are run on.
 *
 * @param engine - Which engine.
 * @param storage - What nodes save to.
 */
export function subjectOn(engine: EngineName, storage: StorageName): StormSubject {
  const subject: StormSubject = engine === 'paxos' ? paxosSubject() : raftSubject();
  return storage === 'wal' ? { ...subject, storage: onWal(openWal) } : subject;
}

/**
 * Raft with the register machine, saving to real logs over simulated drives.
 *
 * @param open - Opens the logs.
 */
export function walSubject(open: OpenWal = openWal): RaftSubject {
  return { ...raftSubject(), storage: onWal(open) };
}

function onWal(open: OpenWal): OpenStorage {
  return ({ node, fileSystem, settings, reach }) =>
    open({
      fileSystem,
      incarnation: incarnationOf(node),
      segmentBytesMax: [4_096, 8_192, 65_536][settings.integer(0, 3)] ?? 4_096,
      batchBytesMax: [1_024, 4_194_304][settings.integer(0, 2)] ?? 1_024,
      segmentsBeforeMove: settings.integer(1, 5),
      preallocateBytes: [0, 1_000, 8_192][settings.integer(0, 3)] ?? 0,
      reserveBytes: [0, 2_000, 10_000][settings.integer(0, 3)] ?? 0,
      // Simulated drives tear at any byte.
      sectorBytes: 1,
      snapshotChunkBytes: [512, 4_096][settings.integer(0, 2)] ?? 512,
      onEvent: ({ type }) => {
        const situation = situations[type];
        if (situation !== undefined) reach(situation);
      },
    });
}

const situations: Partial<Record<WalEvent['type'], string>> = {
  segmentCreated: 'log goes on in a new segment',
  segmentRemoved: 'old segment removed',
  entriesMoved: 'live entries moved',
  tornTailCut: 'torn tail cut',
  full: 'disk full',
  roomFound: 'room found again',
};

/** Situations that a large batch over real logs must have reached, besides those of every storm. */
export const walSituations: readonly string[] = [
  ...Object.values(situations),
  'write torn by a crash',
  'damaged storage refused',
  'snapshot not stored',
  'proposal refused for want of room',
];

/** A name for a node's storage. Random in production; here the node's own is enough. */
function incarnationOf(node: NodeId): string {
  return [...node]
    .map((letter) => letter.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('')
    .padStart(32, '0');
}
