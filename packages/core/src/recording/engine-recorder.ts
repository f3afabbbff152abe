/** Writes down what is done to an engine, from its making on, while it works as ever for whoever drives it. */
import type {
  ConsensusEngine,
  Effects,
  EngineInput,
  EngineMessage,
  EngineStart,
  MessageCodec,
} from '../engine.js';
import { InvalidArgumentError, InvariantViolation, invariant } from '../errors.js';
import { type NodeId, parseInteger } from '../ids.js';
import {
  type RecordedEnd,
  type RecordedLine,
  type RecordedOptions,
  type RecordedStart,
  writeRecordedLine,
} from './recorded-line.js';
import type { EngineStep } from './step.js';

/** What a recorder is made from. */
export interface RecorderOptions<Message extends EngineMessage> {
  /** The engine's node. */
  readonly node: NodeId;
  /** Which life of the process, from 1: no two lives of a node in one recording may have the same. */
  readonly life: number;
  /** The engine's codec. */
  readonly codec: MessageCodec<Message>;
  /** The time in microseconds. One clock for several nodes lets their recordings be read side by side. */
  readonly nowUs: () => number;
  /**
   * Takes a line, without its line break. Must not throw.
   *
   * @param line - The line.
   */
  readonly write: (line: string) => void;
  /** The recording ends before it grows beyond this. Default unlimited. */
  readonly bytesMax?: number;
  /** Least time between two fingerprints, in microseconds; they also take no more than a hundredth of the time. Default 1 s. */
  readonly checkEveryUs?: number;
  /**
   * Hears that the recording ended.
   *
   * @param end - How.
   */
  readonly onEnd?: (end: RecordedEnd) => void;
}

/** What is kept free for the line that says how it ended. */
const endBytes = 600;
const reasonCharactersMax = 200;

/**
 * Records one life of one engine. A recording is whole or says where it stopped: nothing is ever left out of it.
 *
 * @example
 * ```ts
 * const lines: string[] = [];
 * const recorder = new EngineRecorder({ node: 'n1', life: 1, codec: raftMessageCodec, nowUs, write: (line) => lines.push(line) });
 * const engine = recorder.watch(createRaftEngine({ ...start, ...limits }), start, limits);
 * // drive `engine` in place of the other one, then:
 * recorder.end('closed');
 * ```
 */
export class EngineRecorder<Message extends EngineMessage> {
  readonly #options: RecorderOptions<Message>;
  readonly #bytesMax: number;
  readonly #checkEveryUs: number;
  #engine: ConsensusEngine<Message> | undefined;
  #bytes = 0;
  #steps = 0;
  #checkedSteps = 0;
  #nextCheckUs = 0;
  #hasEnded = false;

  /**
   * @param options - Whose engine, and where lines go.
   * @throws InvalidArgumentError when an option is out of range.
   */
  constructor(options: RecorderOptions<Message>) {
    this.#options = options;
    parseInteger(options.life, 'life', 1);
    this.#bytesMax = parseInteger(options.bytesMax ?? Number.MAX_SAFE_INTEGER, 'bytesMax', 4_096);
    this.#checkEveryUs = parseInteger(options.checkEveryUs ?? 1_000_000, 'checkEveryUs', 0);
  }

  /** Steps recorded so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Bytes of the lines so far, their line breaks included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing is recorded any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Begins the recording.
   *
   * @param engine - An engine that was just made: nothing was stepped yet.
   * @param start - What it was made from.
   * @param options - Its options beside those, as a replay needs them.
   * @returns An engine that behaves as the other one; drive this one.
   */
  watch(
    engine: ConsensusEngine<Message>,
    start: EngineStart,
    options: RecordedOptions,
  ): ConsensusEngine<Message> {
    invariant(this.#engine === undefined, 'a recorder watches one engine');
    this.#engine = engine;
    const { group, membership, seed, recovered } = start;
    const { discarded, snapshot, hardState, entries } = recovered;
    const begin: RecordedStart = {
      format: 1,
      engine: engine.kind,
      group,
      membership,
      seed,
      options,
      discarded,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(hardState === undefined ? {} : { hardState }),
      entries: entries.length,
    };
    this.#put({ ...this.#place(), start: begin });
    for (const entry of entries) this.#put({ ...this.#place(), recovered: entry });
    this.#nextCheckUs = this.#options.nowUs() + this.#checkEveryUs;
    return {
      kind: engine.kind,
      id: engine.id,
      group: engine.group,
      step: (input: EngineInput<Message>) => {
        this.#record(input);
        this.#run(() => engine.step(input));
      },
      takeEffects: (): Effects<Message> | undefined => {
        this.#record({ type: 'takeEffects' });
        return this.#run(() => engine.takeEffects());
      },
      status: () => engine.status(),
      clone: () => engine.clone(),
      fingerprint: (view) => engine.fingerprint(view),
    };
  }

  /**
   * Ends the recording with the engine's fingerprint. Whatever is done to the engine afterwards is not recorded.
   *
   * @param reason - Why, for people.
   */
  end(reason: string): void {
    this.#end('closed', reason);
  }

  #record(step: EngineStep<Message>): void {
    if (this.#hasEnded) return;
    const place = this.#place();
    if (place.atUs >= this.#nextCheckUs) this.#check();
    if (this.#put({ ...place, input: step })) this.#steps++;
  }

  /**
   * What the engine throws ends its node: the recording tells it, and a replay must throw it again. But an argument
   * that it does not take changes nothing.
   */
  #run<Value>(run: () => Value): Value {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof InvalidArgumentError))
        this.#end('failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #check(): void {
    const { nowUs } = this.#options;
    const beganUs = nowUs();
    if (this.#steps > this.#checkedSteps) {
      this.#put({ ...this.#place(), check: { steps: this.#steps, fingerprint: this.#fingerprint() } });
      this.#checkedSteps = this.#steps;
    }
    const endedUs = nowUs();
    this.#nextCheckUs = endedUs + Math.max(this.#checkEveryUs, 100 * (endedUs - beganUs));
  }

  #end(type: RecordedEnd['type'], why: string): void {
    if (this.#hasEnded || this.#engine === undefined) return;
    this.#hasEnded = true;
    const reason = why.slice(0, reasonCharactersMax);
    const steps = this.#steps;
    const end: RecordedEnd =
      type === 'failed' ? { type, reason, steps } : { type, reason, steps, fingerprint: this.#fingerprint() };
    this.#write(writeRecordedLine({ ...this.#place(), end }, this.#options.codec));
    this.#options.onEnd?.(end);
  }

  #fingerprint(): string {
    if (this.#engine === undefined) throw new InvariantViolation('a recorder that takes steps has an engine');
    return this.#engine.fingerprint();
  }

  #place() {
    const { node, life, nowUs } = this.#options;
    return { atUs: nowUs(), node, life };
  }

  /** Writes a line unless the recording would grow too large by it; then it ends here. */
  #put(line: RecordedLine<Message>): boolean {
    if (this.#hasEnded) return false;
    const text = writeRecordedLine(line, this.#options.codec);
    if (this.#bytes + text.length + 1 + endBytes > this.#bytesMax) {
      this.#end('full', `the recording has reached its limit of ${this.#bytesMax} bytes`);
      return false;
    }
    this.#write(text);
    return true;
  }

  #write(text: string): void {
    this.#bytes += text.length + 1;
    this.#options.write(text);
  }
}
