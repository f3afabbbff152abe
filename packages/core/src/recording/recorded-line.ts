/**
 * A recording: everything that was done to engines, one JSON object a line, so that what happened runs again without a
 * world around it. The simulator and real nodes write the same. Of every life of an engine it holds how it was made,
 * then each step; fingerprints in between, and at the end, say whether a replay stands where the engine stood.
 */
import type { SnapshotMeta } from '../durable.js';
import type { EngineMessage, EngineStart, MessageCodec } from '../engine.js';
import { type Entry, type EntryKind, entryKinds } from '../entry.js';
import { DecodeError } from '../errors.js';
import type { Fingerprint } from '../fingerprint.js';
import type { EngineKind, LogPosition } from '../ids.js';
import { hexOf, JsonFields } from './json-fields.js';
import { type EngineStep, type RecordedPlace, stepFromJson, stepToJson } from './step.js';

/** Options of an engine beside its {@link EngineStart}, such as limits: whatever a replay needs to make the same. */
export type RecordedOptions = Readonly<Record<string, number | string | boolean>>;

/** How an engine was made. The entries that it recovered follow, a line each. */
export interface RecordedStart extends Omit<EngineStart, 'id' | 'recovered'> {
  /** Version of the format: 1. */
  readonly format: 1;
  /** Which protocol. */
  readonly engine: EngineKind;
  /** Its options. */
  readonly options: RecordedOptions;
  /** Through where its log was discarded. */
  readonly discarded: LogPosition;
  /** Its snapshot, if there was one. */
  readonly snapshot?: SnapshotMeta;
  /** Its hard state, if there was one. */
  readonly hardState?: Uint8Array;
  /** How many entries it recovered. */
  readonly entries: number;
}

/** Where an engine stood. */
export interface RecordedCheck {
  /** After how many steps of this life. */
  readonly steps: number;
  /** Its fingerprint then. */
  readonly fingerprint: Fingerprint;
}

/** How a recording of one life ended. A process that was killed leaves none. */
export interface RecordedEnd {
  /** `closed`: by whoever ran it; `full`: the recording reached its limit; `failed`: the engine threw. */
  readonly type: 'closed' | 'full' | 'failed';
  /** Why, for people; of `failed` what was thrown. */
  readonly reason: string;
  /** Steps of this life. */
  readonly steps: number;
  /** The engine's fingerprint after them; absent when the engine threw. */
  readonly fingerprint?: Fingerprint;
}

/** One step, as it happened. */
export interface RecordedInput<Message extends EngineMessage> extends RecordedPlace {
  /** What was done. */
  readonly input: EngineStep<Message>;
}

/** One line of a recording: its place, and one of five things. */
export type RecordedLine<Message extends EngineMessage> =
  | (RecordedPlace & { readonly start: RecordedStart })
  | (RecordedPlace & { readonly recovered: Entry })
  | RecordedInput<Message>
  | (RecordedPlace & { readonly check: RecordedCheck })
  | (RecordedPlace & { readonly end: RecordedEnd });

/**
 * Writes a line of a recording.
 *
 * @param line - What to write.
 * @param codec - The engine's codec.
 * @returns JSON without a line break.
 */
export function writeRecordedLine<Message extends EngineMessage>(
  line: RecordedLine<Message>,
  codec: MessageCodec<Message>,
): string {
  const { atUs, node, life } = line;
  if ('input' in line) return JSON.stringify({ atUs, node, life, input: stepToJson(line.input, codec) });
  if ('recovered' in line) {
    const { index, term, kind, data } = line.recovered;
    return JSON.stringify({ atUs, node, life, recovered: { index, term, kind, data: hexOf(data) } });
  }
  if (!('start' in line)) return JSON.stringify(line);
  const { hardState, ...start } = line.start;
  const bytes = hardState === undefined ? {} : { hardState: hexOf(hardState) };
  return JSON.stringify({ atUs, node, life, start: { ...start, ...bytes } });
}

/**
 * Reads what {@link writeRecordedLine} wrote.
 *
 * @param text - The line.
 * @param codec - The engine's codec.
 * @throws DecodeError when the text is no line of a recording.
 */
export function readRecordedLine<Message extends EngineMessage>(
  text: string,
  codec: MessageCodec<Message>,
): RecordedLine<Message> {
  const fields = new JsonFields(parseJson(text), 'a line of a recording');
  const place = { atUs: readMoment(fields), node: fields.nodeId('node'), life: fields.integer('life') };
  if (fields.has('input')) return { ...place, input: stepFromJson(fields.object('input'), codec) };
  if (fields.has('start')) return { ...place, start: readStart(fields.object('start')) };
  if (fields.has('recovered')) return { ...place, recovered: readEntry(fields.object('recovered')) };
  if (fields.has('check')) {
    const check = fields.object('check');
    return { ...place, check: { steps: check.integer('steps'), fingerprint: check.text('fingerprint') } };
  }
  if (fields.has('end')) return { ...place, end: readEnd(fields.object('end')) };
  throw new DecodeError(
    'a line of a recording holds a recorded input, start, recovered entry, check or end beside atUs, node and life',
  );
}

/**
 * Writes one input as a line.
 *
 * @param recorded - The input.
 * @param codec - The engine's codec.
 * @returns JSON without a line break.
 */
export function writeRecordedInput<Message extends EngineMessage>(
  recorded: RecordedInput<Message>,
  codec: MessageCodec<Message>,
): string {
  return writeRecordedLine(recorded, codec);
}

/**
 * Reads what {@link writeRecordedInput} wrote.
 *
 * @param line - The line.
 * @param codec - The engine's codec.
 * @throws DecodeError when the line is no recorded input.
 */
export function readRecordedInput<Message extends EngineMessage>(
  line: string,
  codec: MessageCodec<Message>,
): RecordedInput<Message> {
  const read = readRecordedLine(line, codec);
  if ('input' in read) return read;
  throw new DecodeError('this line of the recording is no recorded input');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DecodeError('a recording holds one JSON object a line: this is no JSON');
  }
}

/** Moments of the simulator may lie between microseconds. */
function readMoment(fields: JsonFields): number {
  const atUs = fields.raw('atUs');
  if (typeof atUs === 'number' && Number.isFinite(atUs) && atUs >= 0) return atUs;
  throw new DecodeError('a line of a recording says atUs, a number of microseconds');
}

function readStart(fields: JsonFields): RecordedStart {
  if (fields.raw('format') !== 1)
    throw new DecodeError(`the recording has format ${String(fields.raw('format'))}: this version reads 1`);
  const engine = fields.text('engine');
  if (engine !== 'raft' && engine !== 'paxos') throw new DecodeError(`${engine} is no kind of engine`);
  return {
    format: 1,
    engine,
    group: fields.integer('group'),
    membership: fields.object('membership').membership(),
    seed: typeof fields.raw('seed') === 'string' ? fields.text('seed') : fields.integer('seed'),
    options: readOptions(fields.object('options')),
    discarded: fields.object('discarded').position(),
    ...(fields.has('snapshot') ? { snapshot: fields.object('snapshot').snapshotMeta() } : {}),
    ...(fields.has('hardState') ? { hardState: fields.bytes('hardState') } : {}),
    entries: fields.integer('entries'),
  };
}

function readOptions(fields: JsonFields): RecordedOptions {
  const options: [string, number | string | boolean][] = [];
  for (const name of fields.names()) {
    const value = fields.raw(name);
    if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'boolean')
      throw new DecodeError(`option ${name} is no number, text or flag`);
    options.push([name, value]);
  }
  return Object.fromEntries(options);
}

function readEntry(fields: JsonFields): Entry {
  const kind = fields.text('kind');
  if (!isEntryKind(kind)) throw new DecodeError(`${kind} is no kind of entry`);
  return { ...fields.position(), kind, data: fields.bytes('data') };
}

function isEntryKind(kind: string): kind is EntryKind {
  return entryKinds.some((known) => known === kind);
}

function readEnd(fields: JsonFields): RecordedEnd {
  const type = fields.text('type');
  if (type !== 'closed' && type !== 'full' && type !== 'failed')
    throw new DecodeError(`${type} is no way for a recording to end`);
  const steps = fields.integer('steps');
  const reason = fields.text('reason');
  return fields.has('fingerprint')
    ? { type, reason, steps, fingerprint: fields.text('fingerprint') }
    : { type, reason, steps };
}
