/** `synod backup` and `synod restore`: the state of a cluster in one file, and a new cluster from it. */
import { InvalidArgumentError, parseInteger, parseNodeId } from '@synod/core';
import type { Command } from 'commander';
import { parseUrl } from '../addresses.js';
import { verifyBackupFile, writeBackupFile } from '../backup/backup-file.js';
import type { BackupSummary } from '../backup/backup-reader.js';
import { fetchBackup } from '../backup/fetch-backup.js';
import { makeOfflineBackup } from '../backup/offline-backup.js';
import { restoreCluster } from '../backup/restore-cluster.js';
import { parseEngineKind, termWords } from '../engine-choice.js';
import { parseIds } from '../founders.js';
import { readClientSecurity } from '../security-options.js';
import { paintFor, say } from '../terminal.js';
import { addEndpointFlags, type EndpointFlags } from './keys.js';

interface BackupFlags extends EndpointFlags {
  readonly data?: string;
  readonly id?: string;
  readonly founders?: string;
}

interface RestoreFlags {
  readonly data: string;
  readonly nodes: string;
  readonly ids?: string;
  readonly engine?: string;
  readonly cluster?: string;
}

const nodesMax = 9;

/**
 * Adds the commands.
 *
 * @param program - Where to.
 */
export function addBackupCommands(program: Command): void {
  const backup = addEndpointFlags(
    program
      .command('backup [file]')
      .description(
        'write the state of a cluster to one file, from running nodes or from the disks of stopped ones',
      ),
  )
    .option(
      '--data <dir>',
      'directory of a node or a cluster that does not run: reads disks, asks no endpoint',
    )
    .option('--id <id>', 'name of the node of --data (default: the name of its directory)')
    .option(
      '--founders <list>',
      'the nodes that the cluster of --data began with (default: what cluster.json says)',
    )
    .addHelpText('after', backupHelp)
    .action(makeBackup);
  backup
    .command('verify <file>')
    .description('check every byte of a backup, and that a store can be restored from it')
    .addHelpText('after', '\nExit code 18: it is damaged; the message says where and how.')
    .action(verifyBackup);
  program
    .command('restore <file>')
    .description('make the directories of a new cluster from a backup')
    .requiredOption('--data <dir>', 'directory of the new cluster, which must not exist or be empty')
    .option('--nodes <n>', `number of its nodes, 1 to ${nodesMax}, named n1, n2 and so on`, '3')
    .option('--ids <list>', 'names of its nodes instead, as a,b,c')
    .option('--engine <name>', 'its engine, raft or paxos (default: that of the backup)')
    .option('--cluster <name>', 'its name (default: a random one)')
    .addHelpText('after', restoreHelp)
    .action(restore);
}

const backupHelp = `
The file gets its name only when it is whole and on disk; one that was interrupted leaves nothing behind.

From running nodes (--endpoint, a gateway or a node): linearizable, so it has every write that was acknowledged before
the command began. The state is that of one moment; writes go on meanwhile, and memory on both sides stays bounded.

From disks (--data): nothing on them is changed. Given the directory of a cluster, it takes all disks that can be read:
with those of a majority, every write that was ever acknowledged is in the backup, as it would be after a restart. With
fewer, or given the directory of one node of several, it has what is known there to be committed, and says how much
stands behind that.

What is in it: all keys with their revisions, the revision of the store, and open sessions. What is not: the log, votes,
names and incarnations of nodes, addresses.

Exit codes: 5 nobody answers, 6 no leader, 10 no disk can be read, 13 a node runs on --data, 18 what came was damaged.

Example:
  $ synod backup monday.backup --endpoint http://127.0.0.1:8700
  $ synod backup monday.backup --data ./synod-data
  $ synod backup verify monday.backup`;

const restoreHelp = `
The backup is checked as a whole first; a damaged one is refused with the place and the reason, and nothing is made. The
directory gets its name only when all of it is on disk.

The new cluster has the keys with their revisions, the revision of the store, and the open sessions of the moment of the
backup: a client that repeats a command of its session from before gets the first answer. Everything that was written
after the backup is gone, so revisions are given anew from there: clients that remember later ones must forget them.

Its name is new, and so are the incarnations of its nodes, which know each other from the start: nodes of the old cluster
that come back are refused. Stop them all the same, so that no client writes there.

Example:
  $ synod restore monday.backup --data ./restored --nodes 3
  $ synod up --data ./restored

On several machines: move each node's folder to its machine, and start synod node on it with the --cluster that this
command prints.`;

async function makeBackup(file: string | undefined, flags: BackupFlags): Promise<void> {
  if (file === undefined) throw new InvalidArgumentError('name the file of the backup: synod backup FILE');
  if (flags.data !== undefined) return await backupDisks(file, flags.data, flags);
  const timeoutMs = parseInteger(Number(flags.timeoutMs), '--timeout-ms', 1, 60_000);
  const endpoint = parseUrl(flags.endpoint, '--endpoint', 'http', 'https');
  tell(file, await writeBackupFile(file, fetchBackup(endpoint, timeoutMs, readClientSecurity(flags))));
}

async function backupDisks(file: string, data: string, { id, founders }: BackupFlags): Promise<void> {
  const given = { ...(id === undefined ? {} : { id }), ...(founders === undefined ? {} : { founders }) };
  const backup = await makeOfflineBackup({ data, file, nowMs: Date.now(), ...given });
  const paint = paintFor(process.stdout);
  tell(file, backup);
  for (const [node, why] of backup.unreadable) say(paint.red(`  left out ${node}: ${why}`));
  if (backup.confirmed)
    return say('  every write that was ever acknowledged is in it: the disks of a majority were read');
  say(
    paint.red(
      `  the disks of no majority were read: ${backup.entriesBehind} entries that follow on ${backup.header.node} are not in it, acknowledged or not`,
    ),
  );
}

async function verifyBackup(file: string): Promise<void> {
  const verified = await verifyBackupFile(file);
  tell(file, verified);
  say(`  sessions  ${verified.sessions}`);
  say(`  digest    ${verified.hash}`);
  say('whole: every byte is as it was written, and the state can be restored from it');
}

function tell(file: string, { header, trailer, fileBytes }: BackupSummary): void {
  const paint = paintFor(process.stdout);
  const { cluster, node, engine, index, term, revision, keys, createdMs, membership } = header;
  say(`${paint.bold(file)}: ${fileBytes} bytes`);
  say(`  state     revision ${revision}, ${keys} keys, index ${index}, ${termWords(engine, term)}`);
  say(`  of        ${cluster} (${engine}), from ${node}, ${new Date(createdMs).toISOString()}`);
  say(`  members   ${membership.members.map((member) => `${member.id} (${member.role})`).join(', ')}`);
  say(`  checksum  crc32c ${trailer.checksum.toString(16).padStart(8, '0')} of ${trailer.bytes} bytes`);
}

async function restore(file: string, flags: RestoreFlags): Promise<void> {
  const count = parseInteger(Number(flags.nodes), '--nodes', 1, nodesMax);
  const ids =
    flags.ids === undefined
      ? Array.from({ length: count }, (_, position) => parseNodeId(`n${position + 1}`, '--nodes'))
      : parseIds(flags.ids, '--ids');
  const { identity, backup } = await restoreCluster({
    file,
    directory: flags.data,
    ids,
    engine: flags.engine === undefined ? undefined : parseEngineKind(flags.engine),
    cluster: flags.cluster,
  });
  const { cluster, engine, nodes } = identity;
  const { revision, keys } = backup.header;
  const paint = paintFor(process.stdout);
  say(
    `${paint.green('restored')}: ${cluster} (${engine}), ${nodes.join(', ')}, revision ${revision}, ${keys} keys`,
  );
  say(`  start it  synod up --data ${flags.data}${engine === 'raft' ? '' : ` --engine ${engine}`}`);
}
