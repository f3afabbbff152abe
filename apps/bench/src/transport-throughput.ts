/** Transports beside each other: client and server of each in processes of their own, in turn, several rounds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './quantile.js';
import type { BeatFigures } from './transport-beats.js';
import type { EchoFigures, FloodFigures } from './transport-load.js';

/** What one transport did in one round. */
interface SmallFigures {
  /** Bursts of 512 messages a turn of the event loop. */
  readonly flood: FloodFigures;
  /** One message a turn. */
  readonly single: FloodFigures;
  readonly alone: EchoFigures;
  readonly loaded: EchoFigures;
}

/** Medians of a transport over the rounds. */
export interface TransportFigures {
  readonly name: string;
  readonly messagesPerSecond: number;
  /** Median of the ratios to raw `ws` within each round. */
  readonly ofWebSocket: number;
  readonly processorUsPerMessage: number;
  readonly singleMessagesPerSecond: number;
  readonly singleProcessorUsPerMessage: number;
  readonly aloneMedianMs: number;
  readonly aloneP99Ms: number;
  readonly loadedPerSecond: number;
  readonly loadedP99Ms: number;
}

/** Messages of 64 KiB. */
export interface LargeFigures {
  readonly name: string;
  readonly mebibytesPerSecond: number;
  /** Median of the ratios to raw `ws` within each round. */
  readonly ofWebSocket: number;
  readonly processorUsPerMessage: number;
}

/** Ours beside another's in the same round; the median of the rounds. */
export interface Ratios {
  /** By the clock on the wall: more is better. */
  readonly messages: number;
  /** Processor time of a message: less is better. */
  readonly processor: number;
}

/** All figures. */
export interface TransportResults {
  readonly small: readonly TransportFigures[];
  /** Our flood beside raw `ws` that sends the same frames. */
  readonly ofSameFrames: Ratios;
  /** The same beside packing without checks. */
  readonly ofUnchecked: Ratios;
  readonly large: readonly LargeFigures[];
  readonly beats: BeatFigures;
}

const smallNames = ['synod', 'synod-unmasked', 'ws', 'ws-lengths', 'ws-sealed', 'socket.io', 'grpc'];
const largeNames = ['synod', 'synod-unmasked', 'ws', 'ws-sealed'];
const rounds = 5;

/**
 * Measures all transports.
 *
 * @param durationMs - How long each is measured altogether.
 */
export async function measureTransports(durationMs: number): Promise<TransportResults> {
  const roundMs = durationMs / rounds;
  const small = new Map<string, SmallFigures[]>(smallNames.map((name) => [name, []]));
  const large = new Map<string, FloodFigures[]>(largeNames.map((name) => [name, []]));
  const beats: BeatFigures[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const name of smallNames)
      small.get(name)?.push(await runPair<SmallFigures>('listen', 'load', name, roundMs));
    for (const name of largeNames)
      large.get(name)?.push(await runPair<FloodFigures>('listen', 'large', name, roundMs));
    if (round < 3) beats.push(await runPair<BeatFigures>('beats-listen', 'beats', 'synod', roundMs));
  }
  const flooded = (name: string): number[] =>
    (small.get(name) ?? []).map(({ flood }) => flood.messagesPerSecond);
  const worked = (name: string): number[] =>
    (small.get(name) ?? []).map(({ flood }) => flood.processorUsPerMessage);
  const ratiosTo = (name: string): Ratios => ({
    messages: ratio(flooded('synod'), flooded(name)),
    processor: ratio(worked('synod'), worked(name)),
  });
  const poured = (name: string): number[] =>
    (large.get(name) ?? []).map(({ messagesPerSecond }) => messagesPerSecond);
  return {
    small: smallNames.map((name) => figuresOf(name, small.get(name) ?? [], flooded('ws'))),
    ofSameFrames: ratiosTo('ws-sealed'),
    ofUnchecked: ratiosTo('ws-lengths'),
    large: largeNames.map((name) => ({
      name,
      mebibytesPerSecond: median(poured(name)) / 16,
      ofWebSocket: ratio(poured(name), poured('ws')),
      processorUsPerMessage: median((large.get(name) ?? []).map((each) => each.processorUsPerMessage)),
    })),
    beats: {
      idleMedianMs: median(beats.map((each) => each.idleMedianMs)),
      idleP99Ms: median(beats.map((each) => each.idleP99Ms)),
      busyMedianMs: median(beats.map((each) => each.busyMedianMs)),
      busyP99Ms: median(beats.map((each) => each.busyP99Ms)),
      streamMedianMs: median(beats.map((each) => each.streamMedianMs)),
      streamP99Ms: median(beats.map((each) => each.streamP99Ms)),
      mebibytesPerSecond: median(beats.map((each) => each.mebibytesPerSecond)),
    },
  };
}

function figuresOf(
  name: string,
  figures: readonly SmallFigures[],
  beside: readonly number[],
): TransportFigures {
  const of = (value: (each: SmallFigures) => number): number => median(figures.map(value));
  return {
    name,
    messagesPerSecond: of(({ flood }) => flood.messagesPerSecond),
    ofWebSocket: ratio(
      figures.map(({ flood }) => flood.messagesPerSecond),
      beside,
    ),
    processorUsPerMessage: of(({ flood }) => flood.processorUsPerMessage),
    singleMessagesPerSecond: of(({ single }) => single.messagesPerSecond),
    singleProcessorUsPerMessage: of(({ single }) => single.processorUsPerMessage),
    aloneMedianMs: of(({ alone }) => alone.medianMs),
    aloneP99Ms: of(({ alone }) => alone.p99Ms),
    loadedPerSecond: of(({ loaded }) => loaded.roundTripsPerSecond),
    loadedP99Ms: of(({ loaded }) => loaded.p99Ms),
  };
}

function ratio(values: readonly number[], beside: readonly number[]): number {
  return median(values.map((value, round) => value / (beside[round] ?? Number.NaN)));
}

/** Runs the two processes of one measurement and gives what the dialing one printed. */
async function runPair<Figures>(
  listening: string,
  dialing: string,
  name: string,
  durationMs: number,
): Promise<Figures> {
  const listener = start([listening, name]);
  try {
    const port = await firstLine(listener);
    return JSON.parse(await firstLine(start([dialing, name, port, String(durationMs)])));
  } finally {
    listener.kill('SIGKILL');
  }
}

function start(args: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL('./transport-process.js', import.meta.url));
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolve(output.slice(0, output.indexOf('\n')));
    });
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`a process of the measurement ended with code ${code}`)));
  });
}
