/** Runs a recording again: makes each engine as it was made, steps what was stepped, and compares fingerprints. */
import type { ConsensusEngine, Effects, EngineMessage, EngineStart, MessageCodec } from '../engine.js';
import type { Entry } from '../entry.js';
import { DecodeError } from '../errors.js';
import type { Fingerprint } from '../fingerprint.js';
import type { EngineKind, GroupId, NodeId } from '../ids.js';
import {
  type RecordedEnd,
  type RecordedInput,
  type RecordedOptions,
  type RecordedStart,
  readRecordedLine,
} from './recorded-line.js';
import type { EngineStep, RecordedPlace } from './step.js';

/** What a replay is made from. */
export interface ReplayOptions<Message extends EngineMessage> {
  /** The engines' codec. */
  readonly codec: MessageCodec<Message>;
  /**
   * Makes an engine.
   *
   * @param start - What it was made from.
   * @param options - Its options beside those.
   * @param kind - Which protocol it was.
   */
  readonly createEngine: (
    start: EngineStart,
    options: RecordedOptions,
    kind: EngineKind,
  ) => ConsensusEngine<Message>;
  /**
   * Hears the effects that an engine gives again.
   *
   * @param place - When and where.
   * @param effects - What it gave.
   */
  readonly onEffects?: (place: RecordedPlace, effects: Effects<Message>) => void;
}

/** How one life of one engine came out. */
export interface ReplayedLife {
  /** The node. */
  readonly node: NodeId;
  /** Which life. */
  readonly life: number;
  /** The group. */
  readonly group: GroupId;
  /** Entries that it recovered. */
  readonly entries: number;
  /** Steps that were stepped again. */
  readonly steps: number;
  /** Fingerprints that were compared, that of the end included. */
  readonly checks: number;
  /** Steps after the last of them, about which nothing is known. */
  readonly uncheckedSteps: number;
  /** How the recording says it ended; `undefined` when the process was killed. */
  readonly end: RecordedEnd | undefined;
  /** The engine's fingerprint now; `undefined` when it threw. */
  readonly fingerprint: Fingerprint | undefined;
  /** The first thing that differed from the recording, in words; `undefined` when nothing did. */
  readonly difference: string | undefined;
}

/**
 * Replays a recording, line by line. Lives may be interleaved, and come from several files.
 *
 * @example
 * ```ts
 * const replay = new RecordingReplay({
 *   codec: raftMessageCodec,
 *   createEngine: (start, options) => createRaftEngine({ ...options, ...start }),
 * });
 * for (const line of lines) replay.line(line);
 * for (const { node, life, difference } of replay.lives()) console.log(node, life, difference ?? 'the same');
 * ```
 */
export class RecordingReplay<Message extends EngineMessage> {
  readonly #options: ReplayOptions<Message>;
  readonly #lives = new Map<string, LifeReplay<Message>>();

  /** @param options - How engines are made, and who listens. */
  constructor(options: ReplayOptions<Message>) {
    this.#options = options;
  }

  /**
   * Takes the next line.
   *
   * @param text - The line, without its line break.
   * @throws DecodeError when it is no line of a recording, or no line that can follow the ones before.
   */
  line(text: string): void {
    const line = readRecordedLine(text, this.#options.codec);
    const key = `${line.node} ${line.life}`;
    const known = this.#lives.get(key);
    if ('start' in line) {
      if (known !== undefined)
        throw new DecodeError(`life ${line.life} of ${line.node} starts twice in this recording`);
      this.#lives.set(key, new LifeReplay(line, line.start, this.#options));
      return;
    }
    if (known === undefined)
      throw new DecodeError(`the recording does not say how life ${line.life} of ${line.node} started`);
    if ('recovered' in line) known.recovered(line.recovered);
    else if ('input' in line) known.step(line, line.input);
    else if ('check' in line) known.compare(line.check.steps, line.check.fingerprint);
    else known.end(line.end);
  }

  /** How all lives came out, in the order of their starts. */
  lives(): readonly ReplayedLife[] {
    return [...this.#lives.values()].map((life) => life.report());
  }
}

class LifeReplay<Message extends EngineMessage> {
  readonly #place: RecordedPlace;
  readonly #start: RecordedStart;
  readonly #options: ReplayOptions<Message>;
  readonly #entries: Entry[] = [];
  #engine: ConsensusEngine<Message> | undefined;
  #steps = 0;
  #checks = 0;
  #checkedSteps = 0;
  #end: RecordedEnd | undefined;
  #thrown: string | undefined;
  #difference: string | undefined;

  constructor(place: RecordedPlace, start: RecordedStart, options: ReplayOptions<Message>) {
    this.#place = place;
    this.#start = start;
    this.#options = options;
  }

  recovered(entry: Entry): void {
    if (this.#engine !== undefined || this.#entries.length >= this.#start.entries)
      throw new DecodeError(`${this.#name()} recovered ${this.#start.entries} entries: this is one more`);
    this.#entries.push(entry);
  }

  step(place: RecordedPlace, step: EngineStep<Message>): void {
    if (this.#end !== undefined) throw new DecodeError(`${this.#name()} has a step after its end`);
    if (this.#thrown !== undefined) return;
    this.#steps++;
    try {
      if (step.type !== 'takeEffects') return this.#made().step(step);
      const effects = this.#made().takeEffects();
      if (effects !== undefined) this.#options.onEffects?.(place, effects);
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      this.#thrown = error instanceof Error ? error.message : String(error);
    }
  }

  compare(steps: number, recorded: Fingerprint): void {
    if (this.#thrown !== undefined) {
      return this.#differs(`the engine threw at step ${this.#steps}, which it did not then: ${this.#thrown}`);
    }
    this.#checks++;
    this.#checkedSteps = this.#steps;
    if (steps !== this.#steps)
      return this.#differs(`the recording counts ${steps} steps where it holds ${this.#steps}`);
    const now = this.#made().fingerprint();
    if (now !== recorded)
      this.#differs(`after ${steps} steps the fingerprint is ${now}, and was ${recorded} then`);
  }

  end(end: RecordedEnd): void {
    if (this.#end !== undefined) throw new DecodeError(`${this.#name()} ends twice in this recording`);
    this.#end = end;
    // A recording that was full before all recovered entries were in it never had an engine to replay.
    if (this.#engine === undefined && this.#entries.length < this.#start.entries) return;
    if (end.type !== 'failed') return this.compare(end.steps, end.fingerprint ?? '');
    this.#checks++;
    this.#checkedSteps = this.#steps;
    if (this.#thrown === undefined) this.#differs(`then the engine threw: ${end.reason}`);
    else if (!this.#thrown.startsWith(end.reason))
      this.#differs(`the engine threw: ${this.#thrown}, and not: ${end.reason}`);
  }

  report(): ReplayedLife {
    if (this.#thrown !== undefined && this.#end === undefined)
      this.#differs(
        `the engine threw at step ${this.#steps}, which the recording does not say: ${this.#thrown}`,
      );
    const isWhole = this.#entries.length === this.#start.entries;
    const { node, life } = this.#place;
    return {
      node,
      life,
      group: this.#start.group,
      entries: this.#entries.length,
      steps: this.#steps,
      checks: this.#checks,
      uncheckedSteps: this.#steps - this.#checkedSteps,
      end: this.#end,
      fingerprint: isWhole && this.#thrown === undefined ? this.#made().fingerprint() : undefined,
      difference: this.#difference,
    };
  }

  /** Made late: its entries come after its start. */
  #made(): ConsensusEngine<Message> {
    if (this.#engine !== undefined) return this.#engine;
    const { engine: kind, options, group, membership, seed, discarded, snapshot, hardState } = this.#start;
    if (this.#entries.length < this.#start.entries)
      throw new DecodeError(
        `${this.#name()} recovered ${this.#start.entries} entries: only ${this.#entries.length} are there`,
      );
    const recovered = {
      discarded,
      entries: this.#entries,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(hardState === undefined ? {} : { hardState }),
    };
    const start = { id: this.#place.node, group, membership, recovered, seed };
    this.#engine = this.#options.createEngine(start, options, kind);
    return this.#engine;
  }

  #differs(how: string): void {
    this.#difference ??= how;
  }

  #name(): string {
    return `life ${this.#place.life} of ${this.#place.node}`;
  }
}

/**
 * Steps recorded inputs of one life of one node into an engine that was made as the recorded one was. The engine then
 * stands where the recorded one stood, and its fingerprint shows it.
 *
 * @param engine - The engine.
 * @param inputs - The steps of that life, from its begin.
 */
export function replayInputs<Message extends EngineMessage>(
  engine: ConsensusEngine<Message>,
  inputs: Iterable<RecordedInput<Message>>,
): void {
  for (const { input } of inputs) {
    if (input.type === 'takeEffects') engine.takeEffects();
    else engine.step(input);
  }
}
