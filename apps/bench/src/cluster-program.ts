/**
 * A cluster as its users run it: `synod up`, every node a process of its own with its own log on the real disk, spoken
 * to over HTTP connections that stay open. Nothing of the program's inside is used here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import { createRequire } from 'node:module';
import * as path from 'node:path';

/** What is read of a node's status. */
export interface NodeStatus {
  readonly engine?: {
    readonly role: string;
    readonly term: number;
    readonly commitIndex: number;
    readonly appliedIndex: number;
  };
  readonly storage?: { readonly entries: number; readonly syncs: number };
  readonly transport?: { readonly framesSent: number };
}

/** What is read of the gateway's view of a node. */
export interface NodeView {
  readonly id: string;
  readonly url: string;
  readonly reachable: boolean;
  readonly process?: { readonly pid?: number };
  readonly status?: NodeStatus;
}

/** An answer, whatever its status; 0 when none came. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const startTimeoutMs = 60_000;

/** A cluster of three nodes that runs. */
export class RunningCluster {
  /** Where the gateway is. */
  readonly gatewayUrl: string;
  readonly #up: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #http = new HttpClient(16);

  private constructor(up: ChildProcess, ended: Promise<void>, gatewayUrl: string) {
    this.#up = up;
    this.#ended = ended;
    this.gatewayUrl = gatewayUrl;
  }

  /** Starts one in a directory, on free ports, and waits until it has a leader. */
  static async start(directory: string): Promise<RunningCluster> {
    const args = ['up', '--nodes', '3', '--port', '0', '--data', directory, '--allow-faults'];
    const up = spawn(process.execPath, [programFile(), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const ended = new Promise<void>((resolve) => up.once('close', () => resolve()));
    try {
      return new RunningCluster(up, ended, await gatewayOf(up));
    } catch (error) {
      up.kill('SIGTERM');
      await ended;
      throw error;
    }
  }

  /** The nodes as the gateway sees them. */
  async nodes(): Promise<readonly NodeView[]> {
    const { nodes } = await this.#getJson<{ readonly nodes: readonly NodeView[] }>(
      `${this.gatewayUrl}/v1/cluster`,
    );
    return nodes;
  }

  /** What a node says of itself now. */
  async status(node: NodeView): Promise<NodeStatus> {
    return await this.#getJson<NodeStatus>(`${node.url}/v1/status`);
  }

  /** The node that leads, once all nodes run and have applied what it has committed. */
  async settledLeader(): Promise<NodeView> {
    return await waitFor('a leader and its followers in step', async () => {
      const views = await this.nodes();
      if (views.some((view) => !view.reachable)) return undefined;
      const engines = (await Promise.all(views.map((view) => this.status(view)))).map(({ engine }) => engine);
      const leaders = views.filter((_, position) => engines[position]?.role === 'leader');
      const indexes = engines.flatMap((engine) => [engine?.commitIndex, engine?.appliedIndex]);
      const inStep = new Set([...indexes, ...engines.map((engine) => engine?.commitIndex)]).size === 1;
      const oneTerm = new Set(engines.map((engine) => engine?.term)).size === 1;
      return leaders.length === 1 && inStep && oneTerm ? leaders[0] : undefined;
    });
  }

  /** Kills a node's process, as a crash would. */
  kill(node: NodeView): void {
    const pid = node.process?.pid;
    if (pid === undefined) throw new Error(`${node.id} does not run`);
    process.kill(pid, 'SIGKILL');
  }

  /** Starts a node that was killed. */
  async restart(node: NodeView): Promise<void> {
    await waitFor(`${node.id} to start`, async () => {
      const url = `${this.gatewayUrl}/v1/faults/${node.id}/restart`;
      const { status } = await this.#http.send('POST', url);
      return status === 200 ? true : undefined;
    });
  }

  /** Ends all its processes. */
  async stop(): Promise<void> {
    this.#http.close();
    this.#up.kill('SIGTERM');
    await this.#ended;
  }

  async #getJson<Document>(url: string): Promise<Document> {
    const { status, body } = await this.#http.send('GET', url);
    if (status !== 200) throw new Error(`GET ${url} gave ${status}: ${body}`);
    return JSON.parse(body);
  }
}

/** Sends requests over connections that stay open. */
export class HttpClient {
  readonly #agent: http.Agent;

  /** @param connections - Most connections to one address. */
  constructor(connections: number) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  }

  /** Sends one request and reads the whole answer; status 0 when none came. */
  async send(method: string, url: string, body?: Uint8Array, timeoutMs = 10_000): Promise<Answer> {
    return await new Promise((resolve) => {
      const headers = body === undefined ? {} : { 'content-length': body.length };
      const outgoing = http.request(url, { agent: this.#agent, method, headers, timeout: timeoutMs });
      outgoing.on('error', (error) => resolve({ status: 0, body: error.message }));
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.on('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
        incoming.on('error', (error) => resolve({ status: 0, body: error.message }));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      });
      outgoing.end(body);
    });
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }
}

function programFile(): string {
  const manifest = createRequire(import.meta.url).resolve('@synod/cluster/package.json');
  const { bin }: { readonly bin: { readonly synod: string } } = JSON.parse(readFileSync(manifest, 'utf8'));
  return path.join(path.dirname(manifest), bin.synod);
}

async function gatewayOf(up: ChildProcess): Promise<string> {
  let printed = '';
  const read = (text: string): void => {
    printed += text;
  };
  up.stdout?.setEncoding('utf8').on('data', read);
  up.stderr?.setEncoding('utf8').on('data', read);
  return await waitFor('the gateway', async () => {
    if (up.exitCode !== null) throw new Error(`the cluster did not start: ${printed}`);
    return /gateway\s+(http:\/\/\S+)/.exec(printed)?.[1];
  });
}

async function waitFor<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${startTimeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
