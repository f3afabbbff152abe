/** `synod node`: one node in this process, in the foreground. */

import { isSynodError } from '@synod/core';
import type { Command } from 'commander';
import { describeError } from '../exit-codes.js';
import { startNode } from '../node-host.js';
import { type NodeFlags, readNodeOptions } from '../node-options.js';
import type { NodeReport } from '../node-process.js';
import { say } from '../terminal.js';
import { addEngineFlags } from './engine-flags.js';
import { addClientPortFlags, addPeerSecurityFlags } from './security-flags.js';
import { shutdownRequested } from './shutdown-signal.js';

/** Longest a node may take to close before the process ends all the same: what is acknowledged is on disk anyway. */
const closeTimeoutMs = 4_000;

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addNodeCommand(program: Command): void {
  const command = program
    .command('node')
    .description('run one node of a cluster')
    .requiredOption('--id <id>', 'name of this node')
    .requiredOption('--cluster <name>', 'name of the cluster, the same on every node')
    .requiredOption('--peers <list>', 'all nodes with their addresses for peers, as n1=ws://HOST:PORT,n2=…')
    .requiredOption('--client-listen <host:port>', 'where to listen for clients')
    .requiredOption('--data <dir>', 'directory of this node')
    .option('--listen <host:port>', 'where to listen for peers (default: what --peers says of this node)')
    .option(
      '--client-urls <list>',
      "the nodes' REST interfaces, for hints to the leader, as n1=http://HOST:PORT,…",
    )
    .option('--verbose', 'print what happens: elections, votes, snapshots, connections');
  addPeerSecurityFlags(addClientPortFlags(addEngineFlags(command)))
    .addHelpText(
      'after',
      `
Example, the first of three nodes on one machine:
  $ synod node --id n1 --cluster demo --data ./n1 --client-listen 127.0.0.1:8701 \\
      --peers n1=ws://127.0.0.1:8751,n2=ws://127.0.0.1:8752,n3=ws://127.0.0.1:8753

Exit codes: 2 wrong option, 10 storage corrupt, 11 incarnation lost (the disk was wiped), 12 storage failed,
13 directory in use, 14 address in use, 15 broken invariant, 16 storage of another version, 1 anything else.`,
    )
    .action(runNode);
}

async function runNode(flags: NodeFlags & { readonly verbose?: boolean }): Promise<void> {
  // A parent that is gone has closed the pipes; that must not end the node in the middle of its own ending.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const requested = shutdownRequested();
  try {
    const options = readNodeOptions(flags);
    const node = await startNode(options);
    report({ type: 'listening', clientUrl: node.clientUrl, peerUrl: node.peerUrl });
    say(
      `node ${options.id} of ${options.cluster}: clients at ${node.clientUrl}, peers at ${node.peerUrl}, data in ${options.data}`,
    );
    if (flags.verbose === true) {
      for (const { event } of node.events.since(0)) say(JSON.stringify(event));
      node.events.subscribe(({ event }) => say(JSON.stringify(event)));
    }
    try {
      await Promise.race([requested, node.failed]);
    } finally {
      await Promise.race([node.close(), new Promise((resolve) => setTimeout(resolve, closeTimeoutMs))]);
    }
  } catch (error) {
    report({
      type: 'failed',
      code: isSynodError(error) ? error.code : 'INTERNAL',
      message: describeError(error),
    });
    throw error;
  }
}

function report(message: NodeReport): void {
  if (process.connected) process.send?.(message);
}
