/**
 * Recordings: every step of every engine, one JSON object a line, so that what happened runs again without a world
 * around it. Messages stand in the codec's bytes.
 */
import {
  ByteReader,
  ByteWriter,
  type ConsensusEngine,
  DecodeError,
  type EngineInput,
  type EngineMessage,
  type MessageCodec,
  type NodeId,
} from '@synod/core';

/** What is done to an engine: an input is stepped, or its effects are taken, which is a decision point of its own. */
export type EngineStep<Message extends EngineMessage> =
  | EngineInput<Message>
  | { readonly type: 'takeEffects' };

/** One step, as it happened. */
export interface RecordedInput<Message extends EngineMessage> {
  /** When, in microseconds of the recorder's clock. */
  readonly atUs: number;
  /** Whose engine. */
  readonly node: NodeId;
  /** Which life of the process, from 1. */
  readonly life: number;
  /** What was done. */
  readonly input: EngineStep<Message>;
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
  const { input } = recorded;
  if (input.type === 'receive') {
    const writer = new ByteWriter();
    codec.encode(input.message, writer);
    const { from, to } = input.message;
    return JSON.stringify({ ...recorded, input: { type: 'receive', from, to, bytes: hexOf(writer.take()) } });
  }
  if (input.type !== 'propose') return JSON.stringify(recorded);
  const commands = input.commands.map(({ proposal, data }) => ({ proposal, data: hexOf(data) }));
  return JSON.stringify({ ...recorded, input: { type: 'propose', commands } });
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
  const recorded = parseLine<RecordedInput<Message> & { readonly input: RawInput }>(line);
  const { input } = recorded;
  if (typeof input?.type !== 'string')
    throw new DecodeError('a recorded input has atUs, node, life and input');
  const { from = '', to = '', bytes = '', commands = [] } = input;
  if (input.type === 'receive') {
    const reader = new ByteReader(bytesOf(bytes));
    const message = codec.decode(reader, from, to);
    reader.end();
    return { ...recorded, input: { type: 'receive', message } };
  }
  if (input.type !== 'propose') return recorded;
  const read = commands.map(({ proposal, data }) => ({ proposal, data: bytesOf(data) }));
  return { ...recorded, input: { type: 'propose', commands: read } };
}

function parseLine<Line>(line: string): Line {
  try {
    return JSON.parse(line);
  } catch {
    throw new DecodeError('a recorded input is one JSON object a line: this is no JSON');
  }
}

interface RawInput {
  readonly from?: NodeId;
  readonly to?: NodeId;
  readonly bytes?: string;
  readonly commands?: readonly { readonly proposal: number; readonly data: string }[];
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

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

function bytesOf(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text))
    throw new DecodeError('bytes are recorded as lower-case hexadecimal digits');
  const bytes = new Uint8Array(text.length / 2);
  for (let position = 0; position < bytes.length; position++)
    bytes[position] = Number.parseInt(text.slice(2 * position, 2 * position + 2), 16);
  return bytes;
}
