/** `synod recover-quorum`: lets a node go on without the majority that is lost for good. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InvalidArgumentError, type Membership, type NodeId, parseNodeId } from '@synod/core';
import { type QuorumRecovery, recoverQuorum } from '@synod/raft';
import { openWalDirectory, type WalStorage } from '@synod/storage-wal';
import type { Command } from 'commander';
import { foundersOf, parseIds } from '../founders.js';
import { paintFor, say } from '../terminal.js';

interface RecoverFlags {
  readonly data: string;
  readonly members: string;
  readonly id?: string;
  readonly founders?: string;
  readonly yes?: boolean;
}

/** The only group of a node of this program. */
const group = 0;

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addRecoverQuorumCommand(program: Command): void {
  program
    .command('recover-quorum')
    .description('let a node go on without a majority that is lost for good; can lose acknowledged writes')
    .requiredOption('--data <dir>', 'directory of one node that is left, which must not run')
    .requiredOption('--members <list>', 'all nodes that are left, as n1,n2: the only members from now on')
    .option('--id <id>', 'name of the node of --data (default: the name of its directory)')
    .option(
      '--founders <list>',
      'the nodes that the cluster began with, as n1,n2,n3 (default: what cluster.json beside the directory says)',
    )
    .option('--yes', 'do it; without this it only says what it would do')
    .addHelpText(
      'after',
      `
When a majority of the nodes is lost for good (their disks, not only their processes), the rest cannot elect a leader,
and no write or linearizable read succeeds. This makes the nodes of --members the only members.

It is the last resort:
  - As long as a majority can be started, start it instead: nothing is lost then. The command refuses.
  - Acknowledged writes that reached only lost nodes are gone. Writes that were never acknowledged, but stand in the log
    of this node, take effect.
  - The lost nodes must never be started again on their old data: they could go on among themselves.

When several nodes are left:
  1. Stop them all, and keep a copy of their directories.
  2. Run the command for each of them without --yes, and compare what it says of "log ends at": take the one with the
     greatest term, and among equal terms the greatest index.
  3. Run it with --yes for that node alone. The others learn of it from there.
  4. Start all that are left. New nodes may join later, under new names.

Example, of n1 alone:
  $ synod recover-quorum --data ./synod-data/n1 --members n1
  $ synod recover-quorum --data ./synod-data/n1 --members n1 --yes`,
    )
    .action(run);
}

async function run(flags: RecoverFlags): Promise<void> {
  const survivors = parseIds(flags.members, '--members');
  const directory = path.resolve(flags.data);
  const id = parseNodeId(flags.id ?? path.basename(directory), '--id');
  await checkDirectory(directory);
  const founders = await foundersOf(directory, flags.founders);
  const storage = await openWalDirectory(directory);
  try {
    await recover(storage, { id, founders, survivors, isMeant: flags.yes === true });
  } finally {
    await storage.close();
  }
}

interface Recovery {
  readonly id: NodeId;
  readonly founders: Membership;
  readonly survivors: readonly NodeId[];
  readonly isMeant: boolean;
}

async function recover(storage: WalStorage, { id, founders, survivors, isMeant }: Recovery): Promise<void> {
  if (!storage.incarnations.admitted)
    throw new InvalidArgumentError(`--data: ${id} never took part, so nothing can go on from it`);
  const log = storage.group(group);
  const recovered = log.recover();
  const recovery = recoverQuorum({ id, group, membership: founders, recovered, survivors });
  tell(id, recovery);
  if (!isMeant) return say('\nNothing is changed. Give --yes to do it.');
  await log.save(recovery.write);
  say(`\nDone. Start ${survivors.join(', ')}; never start the others on their old data again.`);
}

function tell(id: NodeId, { before, after, logEnd, commitIndex, entry }: QuorumRecovery): void {
  const paint = paintFor(process.stdout);
  const left = after.members.map((member) => member.id);
  const lost = before.members.map((member) => member.id).filter((each) => !left.includes(each));
  say(`${paint.bold(id)}: log ends at index ${logEnd.index}, term ${logEnd.term}`);
  say(`  members now    ${before.members.map((member) => `${member.id} (${member.role})`).join(', ')}`);
  say(`  members then   ${left.join(', ')}, from index ${entry.index}, term ${entry.term}`);
  say(`  given up       ${paint.red(lost.join(', '))}`);
  say(`  known to be committed here through index ${commitIndex}; ${uncertain(logEnd.index - commitIndex)}`);
}

function uncertain(entries: number): string {
  if (entries === 0) return 'no entry follows';
  const those =
    entries === 1 ? 'the entry that follows becomes' : `the ${entries} entries that follow become`;
  return `${those} committed, acknowledged or not`;
}

/** Opening a storage makes one where there is none: here that would hide a mistyped path. */
async function checkDirectory(directory: string): Promise<void> {
  const names = await fs.readdir(directory).catch((): string[] => []);
  if (names.includes('wal')) return;
  throw new InvalidArgumentError(
    `--data: ${directory} is not the directory of a node: it holds no wal. Give the one of a node, such as ./synod-data/n1`,
  );
}
