/**
 * Real clusters for tests and benchmarks: the built program as processes, on free ports, in a directory of its own.
 * Nothing here knows the inside of the program: it uses the command line, the REST interface and signals.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterDocument, NodeStatusDocument, NodeViewDocument } from '../src/rest-documents.js';

/** The built program. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** How a program ended. */
export interface Ended {
  /** Exit code, or `null` when a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained. */
  readonly stderr: string;
}

/** A running program and what it has printed. */
export class Program {
  /** Its process. */
  readonly child: ChildProcess;
  /** Resolves when it ended. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], input?: string | Uint8Array, env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, as a terminal gives to what it starts: Ctrl-C goes to the whole group.
      detached: true,
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end(input);
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
  }

  /** Waits until it printed something, or ended. */
  async printed(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    return await waitFor(
      `${pattern} in the output`,
      () => {
        const match = pattern.exec(this.stdout);
        if (match === null && this.child.exitCode !== null)
          throw new Error(`it ended: ${this.stdout}${this.stderr}`);
        return match ?? undefined;
      },
      timeoutMs,
    );
  }
}

/**
 * Runs the program to its end.
 *
 * @param args - Its arguments.
 * @param input - What it reads.
 */
export async function runSynod(args: readonly string[], input?: string | Uint8Array): Promise<Ended> {
  return await new Program(args, input).ended;
}

/**
 * Asks again and again until there is an answer.
 *
 * @param what - What is waited for, for the message.
 * @param ask - Gives `undefined` while there is none.
 * @param timeoutMs - Longest wait.
 */
export async function waitFor<Value>(
  what: string,
  ask: () => Value | undefined | Promise<Value | undefined>,
  timeoutMs = 30_000,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/**
 * A new empty directory.
 *
 * @param name - Part of its name.
 */
export async function temporaryDirectory(name: string): Promise<string> {
  return await fs.mkdtemp(path.join(os.tmpdir(), `synod-${name}-`));
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** How a cluster is started. */
export interface ClusterStart {
  /** Number of nodes. Default 3. */
  readonly nodes?: number;
  /** Directory; a temporary one, removed by `stop`, when not given. */
  readonly data?: string;
  /** Whether nodes can be killed and restarted. Default `true`. */
  readonly allowFaults?: boolean;
  /** More arguments for `synod up`. */
  readonly args?: readonly string[];
}

/** A cluster started by `synod up`. */
export class ClusterProcess {
  /** The supervisor with its gateway. */
  readonly up: Program;
  /** Where the gateway is. */
  readonly gatewayUrl: string;
  /** Directory of the cluster. */
  readonly data: string;
  readonly #ownsData: boolean;

  private constructor(up: Program, gatewayUrl: string, data: string, ownsData: boolean) {
    this.up = up;
    this.gatewayUrl = gatewayUrl;
    this.data = data;
    this.#ownsData = ownsData;
  }

  /** Starts a cluster on free ports and waits until it has a leader. */
  static async start(start: ClusterStart = {}): Promise<ClusterProcess> {
    const { nodes = 3, allowFaults = true, args = [] } = start;
    const data = start.data ?? (await temporaryDirectory('cluster'));
    const faults = allowFaults ? ['--allow-faults'] : [];
    const up = new Program([
      'up',
      '--nodes',
      String(nodes),
      '--port',
      '0',
      '--data',
      data,
      ...faults,
      ...args,
    ]);
    const [, gatewayUrl = ''] = await up.printed(/gateway\s+(http:\/\/\S+)/);
    return new ClusterProcess(up, gatewayUrl, data, start.data === undefined);
  }

  /** What the gateway says of the cluster. */
  async cluster(): Promise<ClusterDocument> {
    return await getJson<ClusterDocument>(`${this.gatewayUrl}/v1/cluster`);
  }

  /** What the gateway says of one node. */
  async node(id: string): Promise<NodeViewDocument> {
    const node = (await this.cluster()).nodes.find((each) => each.id === id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  /** What one node says of itself, asked directly. */
  async status(id: string): Promise<NodeStatusDocument> {
    return await getJson<NodeStatusDocument>(`${(await this.node(id)).url}/v1/status`);
  }

  /** Waits for a leader and gives its id; with `not`, for another one than that. */
  async leader(not?: string, timeoutMs?: number): Promise<string> {
    return await waitFor(
      'a leader',
      async () => {
        const { leader } = await this.cluster();
        return leader === not ? undefined : leader;
      },
      timeoutMs,
    );
  }

  /** Process ids of the nodes that run. */
  async pids(): Promise<readonly number[]> {
    const { nodes } = await this.cluster();
    return nodes.flatMap(({ process }) => (process?.pid === undefined ? [] : [process.pid]));
  }

  /** Kills a node's process from outside (SIGKILL), as a crash would. */
  async kill(id: string): Promise<void> {
    const pid = (await this.node(id)).process?.pid;
    if (pid === undefined) throw new Error(`${id} does not run`);
    process.kill(pid, 'SIGKILL');
    await waitFor(`the end of ${id}`, async () =>
      (await this.node(id)).process?.pid === undefined ? true : undefined,
    );
  }

  /** Starts a node that was killed, and waits until it takes part and has applied what the leader had committed. */
  async restart(id: string): Promise<void> {
    await this.restartOnly(id);
    await this.caughtUp(id);
  }

  /** Starts a node that was killed. */
  async restartOnly(id: string): Promise<void> {
    const answer = await fetch(`${this.gatewayUrl}/v1/faults/${id}/restart`, { method: 'POST' });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** Waits until a node has applied all that is committed now. Asks the node itself: the gateway's view may be old. */
  async caughtUp(id: string): Promise<void> {
    const { nodes } = await this.cluster();
    const committed = Math.max(...nodes.map(({ status }) => status?.engine?.commitIndex ?? 0));
    await waitFor(`${id} to catch up with ${committed}`, async () => {
      const status = await this.status(id).catch(() => undefined);
      const applied = status?.state === 'running' ? (status.engine?.appliedIndex ?? 0) : 0;
      return applied >= committed ? true : undefined;
    });
  }

  /** Sets a key through the gateway and gives the revision. */
  async put(
    key: string,
    value: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const answer = await fetch(`${this.gatewayUrl}/v1/kv/${encodeURIComponent(key)}`, {
      method: 'PUT',
      body: Buffer.from(value),
      headers,
    });
    const document = await readJson<{ readonly revision: number }>(answer);
    return document.revision;
  }

  /** Reads a key through the gateway, linearizably. */
  async get(key: string): Promise<string | undefined> {
    const answer = await fetch(`${this.gatewayUrl}/v1/kv/${encodeURIComponent(key)}`);
    if (answer.status === 404) return undefined;
    return (await readJson<{ readonly value: string }>(answer)).value;
  }

  /** Ends the supervisor, checks that it ended well, and removes the data if it was temporary. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.up.child.kill(signal);
    const ended = await this.up.ended;
    // Nodes whose supervisor was killed may still be closing their files.
    if (this.#ownsData)
      await fs.rm(this.data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    return ended;
  }
}

/** Reads a JSON answer, or throws what the server said. */
export async function readJson<Document>(answer: Response): Promise<Document> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
  return JSON.parse(text);
}

async function getJson<Document>(url: string): Promise<Document> {
  return await readJson<Document>(await fetch(url));
}
