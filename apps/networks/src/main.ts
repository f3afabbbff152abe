/** `npm run networks`: real clusters in networks that are cut and slow, beside what the simulator predicts. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { nodeCount, runCheck } from './check.js';
import { Namespaces } from './namespaces.js';
import { type Network, nodeIds } from './network.js';
import { readPredictions, type Situation } from './prediction.js';
import { ProxiedNetwork } from './proxied-network.js';
import { head } from './report.js';
import { RoutedNetwork } from './routed-network.js';

interface Flags {
  readonly engine: 'raft' | 'paxos' | 'both';
  readonly network: 'namespaces' | 'proxies' | 'any';
  readonly rounds: number;
  readonly only?: readonly string[];
  readonly latency: boolean;
  readonly inside?: number;
}

const ids = nodeIds(nodeCount);

const program = new Command('npm run networks --')
  .description(
    'Runs clusters of five real nodes in networks that are cut in several ways and slow, and holds what they do against what the simulator predicts.',
  )
  .addOption(new Option('--engine <name>', 'which engine').choices(['raft', 'paxos', 'both']).default('both'))
  .addOption(
    new Option(
      '--network <kind>',
      'network namespaces need Linux, root and the command ip; any takes them where it can',
    )
      .choices(['namespaces', 'proxies', 'any'])
      .default('any'),
  )
  .option('--rounds <count>', 'how often each network is tried: the median counts', parseCount, 1)
  .option('--only <names>', 'networks to try, separated by commas', (text) => text.split(','))
  .option('--no-latency', 'leave slow networks out')
  .addOption(new Option('--inside <run>').argParser(Number).hideHelp())
  .addHelpText(
    'after',
    '\nExit code 1: something was not as predicted, or an acknowledged write was lost.\n\nExample:\n  $ npm run networks -- --engine raft --only "leader isolated,quorum loss" --rounds 3',
  );

process.exitCode = await main(program.parse().opts<Flags>());

async function main(flags: Flags): Promise<number> {
  if (flags.inside !== undefined) {
    const namespaces = new Namespaces(flags.inside, ids);
    return await check(flags, async () => new RoutedNetwork(namespaces, ids));
  }
  if (flags.network === 'proxies') return await check(flags, async () => await ProxiedNetwork.open(ids));
  const reason = await Namespaces.reasonUnavailable();
  if (reason === undefined) return await runInNamespaces();
  if (flags.network === 'any') {
    process.stderr.write(`no network namespaces: ${reason}; proxies take their place\n`);
    return await check(flags, async () => await ProxiedNetwork.open(ids));
  }
  process.stderr.write(`no network namespaces: ${reason}\n`);
  return 1;
}

/** Makes the namespaces, and runs this program once more inside of the router's. */
async function runInNamespaces(): Promise<number> {
  const namespaces = new Namespaces(process.pid, ids);
  await namespaces.remove();
  try {
    await namespaces.make();
    const self = fileURLToPath(import.meta.url);
    const inner = [process.execPath, self, ...process.argv.slice(2), '--inside', String(process.pid)];
    const child = spawn('ip', ['netns', 'exec', namespaces.router, ...inner], { stdio: 'inherit' });
    // Ctrl-C reaches the inner program too, which ends its nodes; the namespaces go when it is done.
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on('SIGTERM', forward);
    process.on('SIGINT', () => {});
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    });
  } finally {
    await namespaces.remove();
  }
}

async function check(flags: Flags, openNetwork: () => Promise<Network>): Promise<number> {
  const predictions = readPredictions();
  const situations = predictions.situations.filter(({ name }) => flags.only?.includes(name) ?? true);
  complainOfUnknown(flags, predictions.situations);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(head);
  const wrong: string[] = [];
  for (const engine of flags.engine === 'both' ? ['raft', 'paxos'] : [flags.engine]) {
    const latencies = flags.latency ? predictions.latencies : [];
    wrong.push(
      ...(await runCheck({ engine, openNetwork, situations, latencies, rounds: flags.rounds, say })),
    );
  }
  for (const complaint of wrong) process.stderr.write(`${complaint}\n`);
  if (wrong.length === 0) say('\nAll as predicted, and no acknowledged write lost.');
  return wrong.length === 0 ? 0 : 1;
}

function complainOfUnknown({ only = [] }: Flags, situations: readonly Situation[]): void {
  const names = situations.map(({ name }) => name);
  for (const name of only) {
    if (!names.includes(name))
      program.error(`--only names "${name}": there are ${names.map((each) => `"${each}"`).join(', ')}`, {
        exitCode: 2,
      });
  }
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('give a whole number from 1');
}
