/** `synod wal`: looks at the log of a node that does not run, and repairs what can be repaired. */
import * as path from 'node:path';
import { InvalidArgumentError, parseInteger } from '@synod/core';
import {
  inspectWal,
  planWalRepair,
  type RepairPlan,
  type RepairReport,
  type RepairStep,
  repairWal,
  useWalDirectory,
  type WalInspection,
} from '@synod/storage-wal';
import type { Command } from 'commander';
import { findingLines, inspectionLines } from '../offline/inspection-report.js';
import { dumpDocuments, dumpLines } from '../offline/log-dump.js';
import { failure, say } from '../terminal.js';

interface VerifyFlags {
  readonly json?: boolean;
}

interface DumpFlags extends VerifyFlags {
  readonly group?: string;
  readonly from?: string;
}

interface RepairFlags {
  readonly yes?: boolean;
  readonly discardAcknowledged?: boolean;
}

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addWalCommand(program: Command): void {
  const wal = program
    .command('wal')
    .description('look at the log of a node that does not run, and repair it');
  addVerify(wal);
  addDump(wal);
  addRepair(wal);
}

function addVerify(wal: Command): void {
  wal
    .command('verify <dir>')
    .description("check every byte of a node's directory; changes nothing")
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      `
Reads the identity, every batch of the log and every snapshot of a node that does not run, and says of each thing that
is not as after a clean close what it means and what to do:

  torn tail     A crash cut the write of the last batch short. Nothing in it was ever acknowledged: a batch is written
                only when the one before it is on disk, and nobody is told of it before it is. The node cuts it off when
                it starts.
  corruption    Acknowledged data is damaged or gone. The node refuses to start: it may have forgotten votes and entries
                that the others rely on. Replace it by a new member with an empty directory, or restore a backup.
  leftover      A file that a crash left unfinished. The node removes it when it starts.
  retired       Acknowledged data was given up here on purpose by synod wal repair. No node starts on it.

Exit codes: 0 whole, 19 torn tail, 10 corruption, 17 retired, 13 a node runs on it, 2 no directory of a node.

Example:
  $ synod wal verify ./synod-data/n1`,
    )
    .action(verify);
}

function addDump(wal: Command): void {
  wal
    .command('dump <dir>')
    .description("print a node's log, record by record; changes nothing")
    .option('--group <n>', 'records of this group only')
    .option('--from <index>', 'entries from this index on only')
    .option('--json', 'one JSON document a record, with the bytes of entries in base64')
    .addHelpText(
      'after',
      `
For each batch: file, offset, length and whether its checksum holds; for each record in it: its offset, the group, what
it discards or truncates, the hard state (term and vote, or promises), and the entries, with what their commands do. Goes
on behind damage. Entries that were overwritten or discarded later are shown too: it is the log as it was written.

Example:
  $ synod wal dump ./synod-data/n1 --from 100
  $ synod wal dump ./synod-data/n1 --json | jq -r '.entries[]?.summary'`,
    )
    .action(dump);
}

function addRepair(wal: Command): void {
  wal
    .command('repair <dir>')
    .description('cut a torn tail and remove leftovers; says what it would do without --yes')
    .option('--yes', 'do it')
    .option(
      '--discard-acknowledged',
      'also give up acknowledged data that is damaged, and retire the directory',
    )
    .addHelpText(
      'after',
      `
By itself it takes safe steps only: it cuts off a torn tail, removes files that a crash left unfinished, sets a damaged
mark of a clean close aside when the log is whole, and a damaged snapshot when the log still holds everything that was in
it. What it takes away is kept in the folder set-aside of the directory. A node does the first two by itself when it
starts, so a repair is rarely needed.

Where acknowledged data is damaged it refuses. With --discard-acknowledged it cuts the log where the damage begins, says
what is lost, and retires the directory: no node starts on it again, under whatever name. It may have voted for somebody
or acknowledged an entry that others count on, and a voter that forgets can make a cluster lose data. What is left can be
read with synod backup --data. To go on:
  - a majority of the others runs: replace the node by a new member with a new id and an empty directory;
  - it does not: restore the newest backup with synod restore, be it one made of this directory.

Exit codes: 0 nothing to do, said or done; 10 it refuses; 13 a node runs on it.

Example:
  $ synod wal repair ./synod-data/n1
  $ synod wal repair ./synod-data/n1 --yes`,
    )
    .action(repair);
}

async function verify(directory: string, flags: VerifyFlags): Promise<void> {
  const inspection = await useWalDirectory(directory, (fileSystem) => inspectWal(fileSystem));
  if (flags.json === true) say(JSON.stringify(documentOf(inspection), null, 2));
  else for (const line of inspectionLines(inspection)) say(line);
  failUnlessWhole(directory, inspection);
}

function failUnlessWhole(directory: string, { verdict, findings }: WalInspection): void {
  if (verdict === 'whole') return;
  const [worst] = findings;
  const where = `${path.join(directory, worst?.file ?? '')} at offset ${worst?.offset ?? 0}`;
  if (verdict === 'torn')
    throw failure(
      'TORN_TAIL',
      `${where}: a crash cut a write short that nobody was promised; nothing needs to be done`,
    );
  if (worst?.kind === 'retired')
    throw failure('STORAGE_RETIRED', `${where}: acknowledged data was given up here`);
  throw failure('STORAGE_CORRUPT', `${where}: acknowledged data is damaged or gone`);
}

/** Bytes and maps are no JSON. */
function documentOf(inspection: WalInspection): object {
  const { identity, groups, ...rest } = inspection;
  return {
    ...rest,
    ...(identity === undefined
      ? {}
      : { identity: { ...identity, peers: Object.fromEntries(identity.peers) } }),
    groups: groups.map(({ hardState, ...group }) => ({
      ...group,
      ...(hardState === undefined ? {} : { hardStateBase64: Buffer.from(hardState).toString('base64') }),
    })),
  };
}

async function dump(directory: string, flags: DumpFlags): Promise<void> {
  // Who reads the first lines only closes the pipe; the lock on the directory is let go of all the same.
  process.stdout.on('error', () => {});
  const filter = {
    group: flags.group === undefined ? undefined : parseInteger(Number(flags.group), '--group', 0),
    from: flags.from === undefined ? undefined : parseInteger(Number(flags.from), '--from', 0),
  };
  await useWalDirectory(directory, (fileSystem) =>
    inspectWal(fileSystem, (stretch) => {
      if (flags.json === true)
        for (const document of dumpDocuments(stretch, filter)) say(JSON.stringify(document));
      else for (const line of dumpLines(stretch, filter)) say(line);
    }),
  );
}

async function repair(directory: string, flags: RepairFlags): Promise<void> {
  const options = { discardAcknowledged: flags.discardAcknowledged === true };
  const plan = await useWalDirectory(directory, (fileSystem) => planWalRepair(fileSystem, options));
  tellPlan(plan);
  const [unrepaired] = plan.unrepaired;
  if (unrepaired !== undefined) {
    const more = options.discardAcknowledged
      ? 'not even giving up acknowledged data makes it readable'
      : '--discard-acknowledged says what giving it up would cost';
    throw failure('STORAGE_CORRUPT', `acknowledged data is damaged, and nothing is changed; ${more}`);
  }
  if (plan.steps.length === 0) return say('Nothing to repair.');
  if (flags.yes !== true) return say('\nNothing is changed. Give --yes to do it.');
  tellReport(await useWalDirectory(directory, (fileSystem) => repairWal(fileSystem, options)));
}

function tellPlan(plan: RepairPlan): void {
  const { inspection, steps, unrepaired, discardsAcknowledged, lost, lostBytesUnreadable } = plan;
  for (const finding of inspection.findings) for (const line of findingLines(finding)) say(line);
  if (unrepaired.length > 0) return;
  for (const step of steps) say(`step: ${stepWords(step)}`);
  if (!discardsAcknowledged) return;
  say('This gives up acknowledged data, and no node will ever run on this directory again.');
  for (const { group, entries, firstIndex, lastIndex, hardStates } of lost) {
    const range = entries === 0 ? '' : `, index ${firstIndex} to ${lastIndex}`;
    say(
      `lost of group ${group}, as far as it can be read: ${entries} entries${range}, ${hardStates} votes or promises`,
    );
  }
  if (lostBytesUnreadable > 0)
    say(`lost besides: whatever stood in ${lostBytesUnreadable} bytes that cannot be read`);
}

function stepWords(step: RepairStep): string {
  switch (step.type) {
    case 'cut':
      return `cut ${step.bytes} bytes off ${step.file} at offset ${step.offset}: ${step.why}`;
    case 'remove':
      return `remove ${step.file}: ${step.why}`;
    case 'setAside':
      return `set ${step.file} aside: ${step.why}`;
    case 'rebuildIdentity':
      return `make the identity of storage ${step.own} anew: ${step.why}`;
    case 'retire':
      return `retire the directory: ${step.why}`;
  }
}

function tellReport({ kept, after }: RepairReport): void {
  for (const file of kept) say(`kept: ${file}`);
  const sound = after.findings.every(({ kind }) => kind === 'retired');
  if (!sound)
    throw new InvalidArgumentError('the repair was done, and there is more to repair: run it again');
  say(
    after.verdict === 'whole'
      ? 'Done: the storage is whole.'
      : 'Done: what is left can be read with synod backup --data.',
  );
}
