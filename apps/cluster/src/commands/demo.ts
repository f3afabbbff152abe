/** `synod demo`: a cluster to look at, with a first key written and read back. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { InvariantViolation } from '@synod/core';
import type { Command } from 'commander';
import { termWords } from '../engine-choice.js';
import { type LocalCluster, startLocalCluster } from '../local-cluster.js';
import { RestClient } from '../rest-client.js';
import { paintFor, say } from '../terminal.js';
import { shutdownRequested } from './shutdown-signal.js';
import { addClusterFlags, type ClusterFlags, readClusterOptions, waitForLeader } from './up.js';

interface DemoFlags extends ClusterFlags {
  readonly smoke?: boolean;
}

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addDemoCommand(program: Command): void {
  addClusterFlags(
    program
      .command('demo')
      .description('run a cluster to look at, with faults enabled, and write a first key'),
  )
    .option('--smoke', 'end after the first checked write and read')
    .addHelpText(
      'after',
      `
Example:
  $ synod demo --nodes 5

The data is in a temporary directory that is removed at the end, unless --data is given.`,
    )
    .action(runDemo);
}

async function runDemo(flags: DemoFlags): Promise<void> {
  const requested = shutdownRequested();
  const data = flags.data ?? (await fs.mkdtemp(path.join(os.tmpdir(), 'synod-demo-')));
  try {
    const cluster = await startLocalCluster(readClusterOptions(flags, data, true));
    try {
      const shown = await Promise.race([show(cluster), requested]);
      if (shown === undefined || flags.smoke === true) return;
      invite(cluster, flags.data);
      await requested;
    } finally {
      await cluster.stop();
    }
  } finally {
    if (flags.data === undefined) await fs.rm(data, { recursive: true, force: true });
  }
}

async function show(cluster: LocalCluster): Promise<'shown'> {
  const paint = paintFor(process.stdout);
  const { identity, gateway } = cluster;
  say(`starting ${identity.nodes.length} nodes, each a process of its own (${identity.nodes.join(', ')})`);
  const leader = await waitForLeader(cluster);
  say(`${paint.green('elected')}  ${leader} leads in ${termWords(identity.engine, gateway.directory.term)}`);
  const client = new RestClient(gateway.url, 15_000, cluster.towards);
  try {
    const key = Buffer.from('greeting');
    const value = Buffer.from(`hello from ${identity.cluster}`);
    const put = await client.put(key, value);
    say(
      `${paint.green('wrote')}    greeting = ${JSON.stringify(value.toString())}  (revision ${put.document.revision}, committed by ${put.node})`,
    );
    const read = await client.get(key, 'linearizable');
    const { valueBase64, modRevision } = read.document;
    const back = Buffer.from(valueBase64, 'base64');
    if (!back.equals(value) || modRevision !== put.document.revision) {
      throw new InvariantViolation(
        `a linearizable read gives what was written just before, and not ${JSON.stringify(back.toString())}`,
      );
    }
    say(
      `${paint.green('read')}     greeting = ${JSON.stringify(back.toString())}  (revision ${modRevision}, linearizable, answered by ${read.node})`,
    );
    return 'shown';
  } finally {
    client.close();
  }
}

function invite({ gateway, identity }: LocalCluster, data: string | undefined): void {
  const paint = paintFor(process.stdout);
  const [first = 'n1'] = identity.nodes;
  say();
  say(`  dashboard  ${paint.bold(gateway.url)}`);
  say(`  write      curl -X PUT --data-binary green ${gateway.url}/v1/kv/color`);
  say(`  read       curl ${gateway.url}/v1/kv/color`);
  say(`  break      curl -X POST ${gateway.url}/v1/faults/${first}/kill    ${paint.dim('(and …/restart)')}`);
  if (data === undefined) say(paint.dim('  the data is temporary; give --data DIR to keep it'));
  say(paint.dim('Ctrl-C stops all nodes.'));
}
