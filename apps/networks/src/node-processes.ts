/** The nodes of one cluster as processes of the built program, each where the network places it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { HttpClient } from './http-client.js';
import { type Network, nodeIds } from './network.js';

/** What is read of a node's status. */
interface NodeStatus {
  readonly state: string;
  readonly engine?: {
    readonly role: string;
    readonly term: number;
    readonly leader?: string;
    readonly commitIndex: number;
    readonly appliedIndex: number;
  };
}

const waitMs = 60_000;

/** A cluster that runs. */
export class NodeProcesses {
  /** Names of the nodes. */
  readonly ids: readonly string[];
  /** Sends requests to them. */
  readonly http = new HttpClient();
  readonly #network: Network;
  readonly #engine: string;
  readonly #directory: string;
  readonly #children: { readonly child: ChildProcess; readonly ended: Promise<void> }[] = [];
  #complaints = '';

  private constructor(network: Network, engine: string, count: number, directory: string) {
    this.#network = network;
    this.#engine = engine;
    this.#directory = directory;
    this.ids = nodeIds(count);
  }

  /** Starts a cluster with empty disks and waits until it is in step. */
  static async start(network: Network, engine: string, count: number): Promise<NodeProcesses> {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-networks-'));
    const nodes = new NodeProcesses(network, engine, count, directory);
    try {
      for (const id of nodes.ids) nodes.#start(id);
      await nodes.settled();
      return nodes;
    } catch (error) {
      await nodes.stop();
      throw error;
    }
  }

  /** Where a node's REST interface is. */
  url(id: string): string {
    return `http://${this.#network.place(id).clientListen}`;
  }

  /** Waits until one node leads, and all are in its term and have applied the same. Gives the leader. */
  async settled(): Promise<string> {
    const until = performance.now() + waitMs;
    let seen = '';
    while (performance.now() < until) {
      const statuses = await Promise.all(this.ids.map((id) => this.#status(id)));
      const engines = statuses.map((status) => status?.engine);
      const leaders = this.ids.filter((_, position) => engines[position]?.role === 'leader');
      const [leader] = leaders;
      const views = new Set(
        engines.map((engine) =>
          JSON.stringify([engine?.term, engine?.leader, engine?.commitIndex, engine?.appliedIndex]),
        ),
      );
      if (leader !== undefined && leaders.length === 1 && views.size === 1) return leader;
      seen = [...views].join(' ');
      await sleep(50);
    }
    throw new Error(`the nodes are not in step after ${waitMs} ms: ${seen} ${this.#complaints}`);
  }

  /** Ends all processes and removes their disks. */
  async stop(): Promise<void> {
    this.http.close();
    for (const { child } of this.#children) child.kill('SIGTERM');
    await Promise.all(this.#children.map(({ ended }) => ended));
    await fs.rm(this.#directory, { recursive: true, force: true });
  }

  #start(id: string): void {
    const { peers, peerListen, clientListen, prefix } = this.#network.place(id);
    const [command = process.execPath, ...args] = [
      ...prefix,
      process.execPath,
      programFile(),
      'node',
      ...['--id', id, '--cluster', 'networks', '--engine', this.#engine],
      ...['--peers', peers, '--listen', peerListen, '--client-listen', clientListen],
      ...['--data', path.join(this.#directory, id)],
    ];
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2_000);
    });
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.once('error', (error) => {
        this.#complaints += error.message;
        resolve();
      });
    });
    this.#children.push({ child, ended });
  }

  async #status(id: string): Promise<NodeStatus | undefined> {
    const { status, body } = await this.http.send('GET', `${this.url(id)}/v1/status`, undefined, 1_000);
    return status === 200 ? JSON.parse(body) : undefined;
  }
}

/** Waits so many milliseconds. */
export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function programFile(): string {
  const manifest = createRequire(import.meta.url).resolve('@synod/cluster/package.json');
  const { bin }: { readonly bin: { readonly synod: string } } = JSON.parse(readFileSync(manifest, 'utf8'));
  return path.join(path.dirname(manifest), bin.synod);
}
