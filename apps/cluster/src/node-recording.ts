/**
 * What a node's engine was told, written to a file as it happens. Lines are gathered and handed to the system in one
 * write, at the latest after a tenth of a second: what was handed over survives the end of the process, however it
 * ends. Writing waits for the system, so a recording never has gaps; it ends early, and says so, when it reaches its
 * limit or the disk refuses it, and the node goes on without it.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ConsensusEngine, EngineMessage, EngineStart, MessageCodec, NodeId } from '@synod/core';
import { EngineRecorder, type RecordedOptions } from '@synod/core/recording';
import { describeError } from './exit-codes.js';

/** Where nodes record, and how much. */
export interface RecordingPolicy {
  /** Directory; each life of each node has a file of its own there. */
  readonly directory: string;
  /** Most bytes of one file. */
  readonly bytesMax: number;
}

/** What a recording tells. */
export type RecordingEvent =
  | { readonly type: 'recordingStarted'; readonly file: string; readonly life: number }
  | { readonly type: 'recordingStopped'; readonly file: string; readonly reason: string };

const chunkCharacters = 64 * 1024;
const flushMs = 100;

/** The recording of one life of one node. */
export class NodeRecording<Message extends EngineMessage> {
  /** The file. */
  readonly file: string;
  readonly #recorder: EngineRecorder<Message>;
  readonly #tell: (event: RecordingEvent) => void;
  readonly #timer: NodeJS.Timeout;
  #descriptor: number | undefined;
  #gathered = '';

  /**
   * @param node - The node.
   * @param codec - Its engine's codec.
   * @param policy - Where, and how much.
   * @param tell - Hears what becomes of the recording.
   * @throws Error of the file system when no file can be made.
   */
  constructor(
    node: NodeId,
    codec: MessageCodec<Message>,
    policy: RecordingPolicy,
    tell: (event: RecordingEvent) => void,
  ) {
    const { file, life, descriptor } = newFile(policy.directory, node);
    this.file = file;
    this.#descriptor = descriptor;
    this.#tell = tell;
    this.#recorder = new EngineRecorder({
      node,
      life,
      codec,
      nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1_000),
      write: (line) => this.#gather(line),
      bytesMax: policy.bytesMax,
      onEnd: ({ type, reason }) => {
        if (type === 'full') this.#stop(reason);
      },
    });
    this.#timer = setInterval(() => this.#flush(), flushMs);
    this.#timer.unref();
    tell({ type: 'recordingStarted', file, life });
  }

  /**
   * Begins with an engine that was just made.
   *
   * @param engine - The engine.
   * @param start - What it was made from.
   * @param options - Its options beside those.
   * @returns The engine to use in its place.
   */
  watch(
    engine: ConsensusEngine<Message>,
    start: EngineStart,
    options: RecordedOptions,
  ): ConsensusEngine<Message> {
    return this.#recorder.watch(engine, start, options);
  }

  /**
   * Ends the recording with the engine's fingerprint.
   *
   * @param reason - Why.
   */
  close(reason: string): void {
    this.#recorder.end(reason);
    this.#stop(reason);
  }

  #gather(line: string): void {
    if (this.#descriptor === undefined) return;
    this.#gathered += `${line}\n`;
    if (this.#gathered.length >= chunkCharacters) this.#flush();
  }

  #flush(): void {
    if (this.#descriptor === undefined || this.#gathered === '') return;
    const bytes = Buffer.from(this.#gathered);
    this.#gathered = '';
    try {
      for (let written = 0; written < bytes.length; )
        written += fs.writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      this.#letGo(describeError(error));
    }
  }

  #stop(reason: string): void {
    this.#flush();
    this.#letGo(reason);
  }

  #letGo(reason: string): void {
    if (this.#descriptor === undefined) return;
    clearInterval(this.#timer);
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#gathered = '';
    try {
      fs.closeSync(descriptor);
    } finally {
      this.#tell({ type: 'recordingStopped', file: this.file, reason });
    }
  }
}

/** A file that was not there before, so that no recording is ever overwritten: n1.1.jsonl, n1.2.jsonl and so on. */
function newFile(directory: string, node: NodeId) {
  fs.mkdirSync(directory, { recursive: true });
  const lives = fs.readdirSync(directory).map((name) => {
    const [, life = '0'] = name.startsWith(`${node}.`)
      ? (/^\.(\d+)\.jsonl$/.exec(name.slice(node.length)) ?? [])
      : [];
    return Number(life);
  });
  const life = Math.max(0, ...lives) + 1;
  const file = path.join(directory, `${node}.${life}.jsonl`);
  return { file, life, descriptor: fs.openSync(file, 'wx') };
}
