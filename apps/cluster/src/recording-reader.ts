/** Runs recordings again and puts into words what happened in them. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as readline from 'node:readline';
import {
  DecodeError,
  type EngineEvent,
  type EngineKind,
  type EngineMessage,
  isSynodError,
  type NodeId,
} from '@synod/core';
import { RecordingReplay, type ReplayedLife } from '@synod/core/recording';
import { type EngineChoice, withEngine } from './engine-choice.js';
import { fieldOf, parseJson } from './rest-errors.js';

/** An event that an engine gave again. */
export interface ReplayedEvent {
  /** When, in microseconds of the recorder's clock. */
  readonly atUs: number;
  /** Whose. */
  readonly node: NodeId;
  /** Which life of it. */
  readonly life: number;
  /** What happened. */
  readonly event: EngineEvent;
}

/** What a replay came to. */
export interface ReplayReport {
  /** All lives. */
  readonly lives: readonly ReplayedLife[];
  /** The events that were asked for, by time. */
  readonly events: readonly ReplayedEvent[];
  /** Files that end in the middle of a line, since their process was killed while writing. */
  readonly torn: readonly string[];
}

/**
 * Replays recordings.
 *
 * @param paths - Files, or directories with files that end in `.jsonl`.
 * @param isWanted - Which events to keep.
 * @throws DecodeError naming the file and line that is no recording; Error of the file system.
 */
export async function replayRecordings(
  paths: readonly string[],
  isWanted: (event: EngineEvent) => boolean,
): Promise<ReplayReport> {
  const files = paths.flatMap(filesAt);
  const kind = await kindRecordedIn(files);
  return await withEngine(kind, (engine) => replayFiles(files, kind, engine, isWanted));
}

/** Messages are read by the engine's own codec, so all files of one replay are of one kind. */
async function kindRecordedIn(files: readonly string[]): Promise<EngineKind> {
  for (const file of files) {
    const input = fs.createReadStream(file, 'utf8');
    for await (const line of readline.createInterface({ input })) {
      input.destroy();
      if (fieldOf(fieldOf(parseJson(line), 'start'), 'engine') === 'paxos') return 'paxos';
      break;
    }
  }
  return 'raft';
}

async function replayFiles<Message extends EngineMessage>(
  files: readonly string[],
  recorded: EngineKind,
  engine: EngineChoice<Message>,
  isWanted: (event: EngineEvent) => boolean,
): Promise<ReplayReport> {
  const events: ReplayedEvent[] = [];
  const torn: string[] = [];
  const replay = new RecordingReplay({
    codec: engine.codec,
    createEngine: (start, options, kind) => {
      if (kind !== recorded)
        throw new DecodeError(`these are recordings of ${recorded} and of ${kind}: replay each by itself`);
      return engine.create({ ...options, ...start });
    },
    onEffects: ({ atUs, node, life }, effects) => {
      for (const event of effects.events) if (isWanted(event)) events.push({ atUs, node, life, event });
    },
  });
  for (const file of files) {
    let number = 0;
    const tail = await eachLine(file, (line) => {
      number++;
      try {
        replay.line(line);
      } catch (error) {
        if (!isSynodError(error)) throw error;
        throw new DecodeError(`${file}, line ${number}: ${error.message}`);
      }
    });
    if (tail !== '') torn.push(file);
  }
  events.sort((left, right) => left.atUs - right.atUs);
  return { lives: replay.lives(), events, torn };
}

function filesAt(place: string): readonly string[] {
  if (!fs.statSync(place).isDirectory()) return [place];
  const names = fs.readdirSync(place).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) => path.join(place, name));
}

/** Gives what stands after the last line break. */
async function eachLine(file: string, take: (line: string) => void): Promise<string> {
  let tail = '';
  for await (const chunk of fs.createReadStream(file, 'utf8')) {
    const lines = (tail + String(chunk)).split('\n');
    tail = lines.pop() ?? '';
    for (const line of lines) take(line);
  }
  return tail;
}

/**
 * Says how a life came out.
 *
 * @param life - The life.
 */
export function describeLife(life: ReplayedLife): string {
  const { node, entries, steps, checks, uncheckedSteps, end, fingerprint, difference } = life;
  const ended =
    end === undefined
      ? `its process was killed, and the last ${uncheckedSteps} steps have no fingerprint to compare with`
      : `${end.type}: ${end.reason}`;
  const verdict = difference ?? `the same at ${checks} of ${checks} fingerprints`;
  const now = fingerprint === undefined ? '' : `, at last ${fingerprint}`;
  return `${node} life ${life.life}: ${entries} entries recovered, ${steps} steps, ${verdict}${now}; ${ended}`;
}

/**
 * Says what an event was.
 *
 * @param replayed - The event.
 * @param beginUs - The moment that counts as 0.
 */
export function describeEvent({ atUs, node, life, event }: ReplayedEvent, beginUs: number): string {
  const { type, ...details } = event;
  const seconds = ((atUs - beginUs) / 1_000_000).toFixed(3).padStart(10);
  const told = Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${seconds} s  ${`${node}.${life}`.padEnd(6)} ${[type, ...told].join(' ')}`;
}
