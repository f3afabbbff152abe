/** What an inspection of a storage found, in words. */
import type { InspectedGroup, WalFinding, WalInspection } from '@synod/storage-wal';
import { hardStateWords } from './hard-state-words.js';

/** The verdict in a sentence. */
const verdicts: Readonly<Record<WalInspection['verdict'], string>> = {
  whole: 'whole: everything that was acknowledged is there',
  torn: 'torn: a crash left the end of a write behind; everything that was acknowledged is there',
  corrupt: 'corrupt: acknowledged data is damaged, gone or given up, and no node runs on it',
};

/**
 * An inspection as lines for people.
 *
 * @param inspection - What was found.
 */
export function inspectionLines(inspection: WalInspection): readonly string[] {
  const { identity, segments, snapshots, groups, findings, closedMark, verdict } = inspection;
  return [
    ...(identity === undefined
      ? []
      : [
          `storage ${identity.own}, ${identity.admitted ? 'admitted to vote' : 'not admitted yet'}, knows ${identity.peers.size} peers`,
        ]),
    ...segments.map(
      ({ file, bytes, batches, batchNumbers, entries, brokenBytes }) =>
        `${file}  ${bytes} bytes, ${batches} batches${batchNumbers === undefined ? '' : ` (${batchNumbers.first} to ${batchNumbers.last})`}, ` +
        `${entries} entries${brokenBytes === 0 ? '' : `, ${brokenBytes} bytes broken`}`,
    ),
    ...snapshots.map(
      ({ file, bytes, position, checksumGood, newest }) =>
        `${file}  ${bytes} bytes, through index ${position.index}, checksum ${checksumGood ? 'good' : 'BAD'}${newest ? '' : ', superseded'}`,
    ),
    ...groups.map(groupLine),
    closedMark ? 'closed cleanly' : 'not closed cleanly: the node was killed',
    ...findings.flatMap(findingLines),
    verdicts[verdict],
  ];
}

/**
 * A finding as lines for people.
 *
 * @param finding - The finding.
 */
export function findingLines({ kind, file, offset, expected, found, meaning, advice }: WalFinding): string[] {
  const what = expected === undefined ? found : `expected ${expected}, found ${found}`;
  const name = { tornTail: 'torn tail', corruption: 'corruption', leftover: 'leftover', retired: 'retired' }[
    kind
  ];
  return [`${name}: ${file} at offset ${offset}: ${what}`, `  meaning: ${meaning}`, `  to do: ${advice}`];
}

function groupLine({ group, discarded, entries, hardState }: InspectedGroup): string {
  const stored =
    entries === undefined
      ? 'no entries'
      : `${entries.count} entries, ${entries.first.index} (term ${entries.first.term}) to ${entries.last.index} (term ${entries.last.term})`;
  const begin = discarded.index === 0 ? '' : `, discarded through ${discarded.index}`;
  return `group ${group}: ${stored}${begin}${hardState === undefined ? '' : `; ${hardStateWords(hardState)}`}`;
}
