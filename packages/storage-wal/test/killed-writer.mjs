/**
 * A process that writes to a storage until it is killed: node killed-writer.mjs DIRECTORY. First it prints what it found,
 * then the number of each write that was acknowledged: `found GROUP DISCARDED LAST right|wrong`, `ready`, `GROUP INDEX`.
 */
import { writeSync } from 'node:fs';
import { createMembership } from '@synod/core';
import { openWalDirectory } from '@synod/storage-wal';

const groups = [0, 1, 2];
const settings = { segmentBytesMax: 64 * 1024, preallocateBytes: 16 * 1024, reserveBytes: 1 << 20 };

/** What an entry holds: its length and its bytes follow from group and index. */
function dataOf(group, index) {
  return new Uint8Array(20 + ((index * 37 + group) % 1500)).fill(1 + ((index + group) % 255));
}

function tell(line) {
  writeSync(1, `${line}\n`);
}

function isRight(group, { discarded, entries, snapshot }) {
  if ((snapshot?.index ?? 0) < discarded.index) return false;
  return entries.every(
    ({ index, term, data }, at) =>
      index === discarded.index + 1 + at && term === 1 && Buffer.compare(data, dataOf(group, index)) === 0,
  );
}

async function shorten(storage, group, through) {
  const meta = { index: through, term: 1, membership: createMembership(['n1']) };
  const writer = await storage.group(group).beginSnapshot(meta);
  await writer.write(dataOf(group, through));
  await writer.commit();
  const receipt = { sequence: 1, last: undefined };
  await storage.group(group).save({ receipt, entries: [], discardThrough: { index: through, term: 1 } });
}

async function write(storage, group, from) {
  for (let index = from; ; index++) {
    const receipt = { sequence: index, last: { index, term: 1 } };
    const entry = { index, term: 1, kind: 'command', data: dataOf(group, index) };
    await storage.group(group).save({ receipt, entries: [entry], hardState: Uint8Array.of(index % 256) });
    tell(`${group} ${index}`);
    if (index % 100 === 0) await shorten(storage, group, index - 20);
  }
}

const storage = await openWalDirectory(process.argv[2], settings);
const nexts = groups.map((group) => {
  const state = storage.group(group).recover();
  const last = state.entries.at(-1)?.index ?? state.discarded.index;
  const hardStateIsRight = last === 0 || state.hardState?.[0] === last % 256;
  tell(
    `found ${group} ${state.discarded.index} ${last} ${isRight(group, state) && hardStateIsRight ? 'right' : 'wrong'}`,
  );
  return last + 1;
});
tell('ready');
await Promise.all(groups.map((group, at) => write(storage, group, nexts[at])));
