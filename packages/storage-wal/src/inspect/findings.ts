/** Findings in words: what each means for the data, and what to do about it. */
import { closedMarkPath } from '../closed-mark.js';
import type { Corruption } from '../errors.js';
import { identityPath } from '../identity-file.js';
import type { TornTail } from '../recovery.js';
import { retiredPath } from '../retired-mark.js';
import { snapshotsDirectory } from '../snapshot-format.js';
import type { WalFinding, WalFindingKind } from './inspection.js';

const replaceAdvice =
  'do not run this node on it: put the undamaged file back when a copy of this very state exists; else remove this ' +
  'member and add a new one under a new id with an empty directory, which copies the state from its peers; when too ' +
  'few peers are left for that, restore a backup';

/** The order in which findings are told. */
const kindsByWeight: readonly WalFindingKind[] = ['retired', 'corruption', 'tornTail', 'leftover'];

/**
 * The worst findings first.
 *
 * @param findings - In any order.
 */
export function byWeight(findings: readonly WalFinding[]): readonly WalFinding[] {
  return [...findings].sort(
    (left, right) => kindsByWeight.indexOf(left.kind) - kindsByWeight.indexOf(right.kind),
  );
}

/**
 * A last batch that a crash cut short.
 *
 * @param tornTail - Where.
 */
export function tornTailFinding({ file, offset, bytes }: TornTail): WalFinding {
  return {
    kind: 'tornTail',
    file,
    offset,
    bytes,
    found: `${bytes} bytes of a batch that is not whole`,
    meaning:
      'a crash cut the write of the last batch short; no batch is acknowledged before it is whole on disk, so nothing ' +
      'that anybody was promised is in it (damage to exactly the last batch after a crash looks the same)',
    advice: 'nothing: the node cuts it off when it starts, and a repair does so now',
  };
}

/**
 * Acknowledged data that is damaged or gone.
 *
 * @param corruption - Where and how.
 * @param bytes - Length of the damaged stretch, where it is known.
 */
export function corruptionFinding({ file, offset, expected, found }: Corruption, bytes?: number): WalFinding {
  const rest = { meaning: meaningOf(file), advice: adviceFor(file) };
  const stretch = bytes === undefined ? {} : { bytes };
  return { kind: 'corruption', file, offset, ...stretch, expected, found, ...rest };
}

/**
 * A file that nothing needs.
 *
 * @param file - The file.
 * @param found - What it is.
 */
export function leftoverFinding(file: string, found = 'an unfinished or superseded file'): WalFinding {
  return {
    kind: 'leftover',
    file,
    offset: 0,
    found,
    meaning: 'nothing refers to it: a crash came between two steps of replacing a file',
    advice: 'nothing: the node removes it when it starts, and a repair does so now',
  };
}

/**
 * The mark of a storage that gave up acknowledged data.
 *
 * @param reason - What the mark says.
 */
export function retiredFinding(reason: string): WalFinding {
  return {
    kind: 'retired',
    file: retiredPath,
    offset: 0,
    found: reason,
    meaning:
      'acknowledged data was given up here on purpose: votes, promises or entries that others rely on may be ' +
      'forgotten, so no node may run on this directory any more',
    advice:
      'take what is left out of it with an offline backup; to go on in the cluster, add a new member under a new id ' +
      'with an empty directory',
  };
}

function meaningOf(file: string): string {
  if (file === identityPath)
    return 'the storage does not know whether it may vote, nor its peers: a peer whose disk was wiped would pass for sound';
  if (file === closedMarkPath)
    return 'the mark of the last clean close is damaged, so the very end of the log cannot be checked against it';
  if (file.startsWith(snapshotsDirectory))
    return 'the state through the index of this snapshot cannot be read, and the log before it may be gone';
  return 'entries, votes or promises that were acknowledged are damaged or gone: others rely on them';
}

function adviceFor(file: string): string {
  if (file !== closedMarkPath) return replaceAdvice;
  return 'this disk does not keep what was written to it; when everything else is whole, a repair sets the mark aside, and the log is then opened as after a crash';
}
