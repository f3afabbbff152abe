/**
 * One node as a process of its own. It is told to end by a signal, and ends by itself when its parent is gone: the
 * channel between them closes however the parent dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { NodeId } from '@synod/core';
import type { ProcessDocument } from './rest-documents.js';
import { fieldOf } from './rest-errors.js';

/** What a node's process tells its parent over the channel. */
export type NodeReport =
  /** Clients and peers can reach it. */
  | { readonly type: 'listening'; readonly clientUrl: string; readonly peerUrl: string }
  /** It ends, because of this. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** How a process is run and who hears of it. */
export interface NodeProcessOptions {
  /** The node. */
  readonly id: NodeId;
  /** Program and arguments for `node`, such as `dist/main.js node --id n1 …`. */
  readonly programArguments: readonly string[];
  /** Hears every line that it prints. */
  readonly onLine: (id: NodeId, line: string) => void;
  /** Hears that it ended without having been asked to. */
  readonly onUnexpectedExit: (id: NodeId, exit: NonNullable<ProcessDocument['exit']>) => void;
}

const stopTimeoutMs = 5_000;

/** Runs, kills and restarts one node. */
export class NodeProcess {
  readonly #options: NodeProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #state: ProcessDocument['state'] = 'stopped';
  #startedAtMs = 0;
  #exit: ProcessDocument['exit'];
  #report: NodeReport | undefined;
  #asked = false;

  /** @param options - What to run. */
  constructor(options: NodeProcessOptions) {
    this.#options = options;
  }

  /** The node. */
  get id(): NodeId {
    return this.#options.id;
  }

  /** Whether its process is there. */
  get isAlive(): boolean {
    return this.#child !== undefined;
  }

  /** State of the process. */
  document(): ProcessDocument {
    const pid = this.#child?.pid;
    return {
      state: this.#state,
      startedAtMs: this.#startedAtMs,
      ...(pid === undefined ? {} : { pid }),
      ...(this.#exit === undefined ? {} : { exit: this.#exit }),
    };
  }

  /** Starts it; does nothing while it runs. */
  start(): void {
    if (this.#child !== undefined) return;
    const child = spawn(process.execPath, this.#options.programArguments, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#state = 'starting';
    this.#startedAtMs = Date.now();
    this.#exit = undefined;
    this.#report = undefined;
    this.#asked = false;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => this.#options.onLine(this.id, line));
    }
    child.on('message', (message) => this.#hear(message));
    this.#exited = new Promise((resolve) => {
      child.on('error', (error) => this.#ended(undefined, undefined, error.message, resolve));
      child.on('exit', (code, signal) =>
        this.#ended(code ?? undefined, signal ?? undefined, undefined, resolve),
      );
    });
  }

  /** Ends it at once, as a crash would, and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#asked = true;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks it to end, insists after five seconds, and resolves when it is gone. */
  async stop(): Promise<void> {
    this.#asked = true;
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await this.#exited;
    clearTimeout(insist);
  }

  #hear(message: unknown): void {
    const report = readReport(message);
    if (report === undefined) return;
    this.#report = report;
    if (report.type === 'listening') this.#state = 'running';
  }

  #ended(
    code: number | undefined,
    signal: string | undefined,
    problem: string | undefined,
    resolve: () => void,
  ): void {
    if (this.#child === undefined) return;
    this.#child = undefined;
    this.#state = 'stopped';
    const message =
      problem ?? (this.#report?.type === 'failed' ? this.#report.message : howItEnded(code, signal));
    this.#exit = {
      message,
      ...(code === undefined ? {} : { code }),
      ...(signal === undefined ? {} : { signal }),
    };
    resolve();
    if (!this.#asked) this.#options.onUnexpectedExit(this.id, this.#exit);
  }
}

function howItEnded(code: number | undefined, signal: string | undefined): string {
  return signal === undefined ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}

function readReport(message: unknown): NodeReport | undefined {
  const type = fieldOf(message, 'type');
  const text = (name: string): string => String(fieldOf(message, name));
  if (type === 'listening') return { type, clientUrl: text('clientUrl'), peerUrl: text('peerUrl') };
  if (type === 'failed') return { type, code: text('code'), message: text('message') };
  return undefined;
}
