/** `synod up`: a whole cluster on this machine, in the foreground. */

import { InvalidArgumentError, parseInteger } from '@synod/core';
import type { Command } from 'commander';
import { parseHostPort } from '../addresses.js';
import { exitCodes } from '../exit-codes.js';
import {
  type ClusterSecurityFlags,
  type LocalCluster,
  type LocalClusterOptions,
  startLocalCluster,
} from '../local-cluster.js';
import { type EngineFlags, readEngineFlags } from '../node-options.js';
import { parseStrategy, tellStrategies } from '../read-strategy.js';
import { failure, paintFor, say } from '../terminal.js';
import { addEngineFlags } from './engine-flags.js';
import { addClientPortFlags, addPeerSecurityFlags } from './security-flags.js';
import { shutdownRequested } from './shutdown-signal.js';

/** Options that `up` and `demo` share, as the command line has them. */
export interface ClusterFlags extends EngineFlags, ClusterSecurityFlags {
  /** `--nodes`. */
  readonly nodes?: string;
  /** `--data`. */
  readonly data?: string;
  /** `--host`. */
  readonly host: string;
  /** `--port`; the default is not exact. */
  readonly port?: string;
  /** `--strategy`. */
  readonly strategy: string;
  /** `--verbose`. */
  readonly verbose?: boolean;
}

interface UpFlags extends ClusterFlags {
  readonly allowFaults?: boolean;
}

const portDefault = 8_700;
const nodesMax = 9;
const leaderTimeoutMs = 20_000;

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addUpCommand(program: Command): void {
  addClusterFlags(program.command('up').description('run a whole cluster on this machine'))
    .option('--allow-faults', 'let the gateway kill and restart nodes: for trying things out')
    .addHelpText(
      'after',
      `
Example:
  $ synod up --nodes 3 --data ./synod-data
  $ synod put color green        (in another terminal)

Ctrl-C stops all nodes. The same --data goes on where it stopped.`,
    )
    .action(runUp);
}

/**
 * Adds the options that `up` and `demo` share.
 *
 * @param command - Where to.
 * @returns The same command.
 */
export function addClusterFlags(command: Command): Command {
  const secured = addPeerSecurityFlags(addClientPortFlags(command)).option(
    '--cacert <file>',
    'authorities that the gateway trusts the nodes by; in every file name {id} stands for the node, or for gateway',
  );
  return addEngineFlags(
    secured
      .option('--nodes <n>', 'number of nodes, 1 to 9 (default: what --data holds, or 3)')
      .option('--data <dir>', 'directory of the cluster')
      .option('--host <host>', 'host of the gateway', '127.0.0.1')
      .option(
        '--port <n>',
        `port of the gateway, 0 for any (default: ${portDefault}, or the next that is free)`,
      )
      .option('--strategy <name>', `how reads are spread: ${tellStrategies()}`, 'round-robin')
      .option('--verbose', 'print everything that the nodes print'),
  );
}

/**
 * Reads the options that `up` and `demo` share.
 *
 * @param flags - The command line.
 * @param data - Directory of the cluster.
 * @param allowFaults - Whether nodes can be killed through the gateway.
 * @throws {@link InvalidArgumentError} naming the first option that is wrong.
 */
export function readClusterOptions(
  flags: ClusterFlags,
  data: string,
  allowFaults: boolean,
): LocalClusterOptions {
  const paint = paintFor(process.stderr);
  const { host, verbose = false } = flags;
  if (host === '') throw new InvalidArgumentError('--host is empty: give an address of this machine');
  return {
    nodes: flags.nodes === undefined ? undefined : parseInteger(Number(flags.nodes), '--nodes', 1, nodesMax),
    data,
    host,
    port: flags.port === undefined ? portDefault : parseHostPort(flags.port, '--port').port,
    exactPort: flags.port !== undefined,
    allowFaults,
    strategy: parseStrategy(flags.strategy),
    ...readEngineFlags(flags),
    security: readSecurityFlags(flags),
    verbose,
    onLine: (id, line) => {
      if (verbose || line.startsWith('error')) process.stderr.write(`${paint.dim(`[${id}]`)} ${line}\n`);
    },
    onUnexpectedExit: (id, { message, code }) => {
      const ended = code === undefined ? '' : ` with exit code ${code}`;
      process.stderr.write(`${paint.red(`node ${id} ended${ended}`)}: ${message}\n`);
    },
  };
}

function readSecurityFlags(flags: ClusterFlags): ClusterSecurityFlags {
  const { peerCert, peerKey, peerCa, peerTokenFile, cert, key, clientCa, tokenFile, cacert } = flags;
  const all = { peerCert, peerKey, peerCa, peerTokenFile, cert, key, clientCa, tokenFile, cacert };
  return Object.fromEntries(Object.entries(all).filter(([, file]) => file !== undefined));
}

async function runUp(flags: UpFlags): Promise<void> {
  const requested = shutdownRequested();
  const cluster = await startLocalCluster(
    readClusterOptions(flags, flags.data ?? 'synod-data', flags.allowFaults === true),
  );
  try {
    const leader = await Promise.race([waitForLeader(cluster), requested]);
    if (leader === undefined) return;
    announce(cluster, leader, flags.allowFaults === true);
    await requested;
  } finally {
    await cluster.stop();
  }
}

/**
 * Waits until the cluster has a leader.
 *
 * @param cluster - A cluster that was just started.
 * @returns The leader's id.
 * @throws SynodError `NO_LEADER` when there is none in time, or when too few nodes are left to elect one.
 */
export async function waitForLeader(cluster: LocalCluster): Promise<string> {
  const { directory } = cluster.gateway;
  const deadline = Date.now() + leaderTimeoutMs;
  for (;;) {
    const leader = directory.leader();
    if (leader?.healthy) return leader.id;
    const ended = [...cluster.processes.values()].filter((node) => !node.isAlive);
    if (ended.length * 2 >= cluster.processes.size)
      throw tooFewNodes(ended.map((node) => node.document().exit?.code));
    if (Date.now() > deadline) {
      const reasons = directory
        .nodes()
        .map(({ id, reason, status }) => `${id}: ${reason ?? status?.engine?.explanation ?? 'running'}`);
      throw failure(
        'NO_LEADER',
        `no leader within ${leaderTimeoutMs / 1_000} s (${reasons.join('; ')}): look at the nodes with --verbose`,
      );
    }
    await directory.changed(100);
  }
}

/** What most of them ended of is what the user must know. */
function tooFewNodes(exits: readonly (number | undefined)[]): Error {
  const code = Object.keys(exitCodes).find(
    (name) => exitCodes[name] !== undefined && exits.includes(exitCodes[name]),
  );
  return failure(
    code ?? 'NO_LEADER',
    'too few nodes are left to elect a leader: what each ended of stands above',
  );
}

function announce({ identity, gateway, clientUrls }: LocalCluster, leader: string, faults: boolean): void {
  const paint = paintFor(process.stdout);
  say(
    `${paint.green('cluster is up')}: ${identity.cluster}, ${identity.nodes.length} nodes, leader ${leader}`,
  );
  say(`  gateway    ${paint.bold(gateway.url)}  ${paint.dim('(dashboard, REST)')}`);
  for (const [id, url] of clientUrls) say(`  node ${id.padEnd(5)} ${url}`);
  if (faults) say(`  faults     enabled: synod fault kill ${leader} --endpoint ${gateway.url}`);
  say(`  try        synod put color green --endpoint ${gateway.url}`);
  say(paint.dim('Ctrl-C stops all nodes.'));
}
