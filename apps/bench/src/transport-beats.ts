/**
 * How long a small urgent message takes: while nothing else happens, while both processes compute in slices of 0.2 ms
 * and send nothing, and while a stream moves 256 MiB over the same connection. The second is what waiting for a
 * processor costs on this machine; what the third adds to it is due to the stream.
 */
import { quantile } from './quantile.js';
import { startNode } from './wire-synod.js';

/** Figures of {@link measureBeats}. */
export interface BeatFigures {
  readonly idleMedianMs: number;
  readonly idleP99Ms: number;
  readonly busyMedianMs: number;
  readonly busyP99Ms: number;
  readonly streamMedianMs: number;
  readonly streamP99Ms: number;
  readonly mebibytesPerSecond: number;
}

const streamBytes = 256 * 1024 * 1024;
const beatEveryMs = 2;
const phaseMs = 2000;

async function compute(durationMs: number): Promise<void> {
  const until = performance.now() + durationMs;
  while (performance.now() < until) {
    const sliceEnd = performance.now() + 0.2;
    while (performance.now() < sliceEnd);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The listening process: sends beats back and reads streams. Gives its port. */
export async function listenForBeats(): Promise<number> {
  const transport = await startNode(
    'b',
    'a',
    'ws://127.0.0.1:1',
    (beat, wire) => {
      if (beat.length === 1) void compute(phaseMs);
      else wire.send(beat.slice());
    },
    () => {},
  );
  transport.handleStream('sink', async (stream) => {
    for await (const _chunk of stream);
  });
  return transport.address?.port ?? 0;
}

/** The dialing process. */
export async function measureBeats(port: number): Promise<BeatFigures> {
  let onBeat: (beat: Uint8Array) => void = () => {};
  let onUp = (): void => {};
  const up = new Promise<void>((resolve) => {
    onUp = resolve;
  });
  const transport = await startNode('a', 'b', `ws://127.0.0.1:${port}`, (beat) => onBeat(beat), onUp);
  await up;
  const beatWhile = async (until: Promise<unknown>): Promise<number[]> => {
    const latencies: number[] = [];
    let over = false;
    void until.then(() => {
      over = true;
    });
    while (!over) {
      const beat = new Uint8Array(8);
      new DataView(beat.buffer).setFloat64(0, performance.now());
      const answered = new Promise<void>((resolve) => {
        onBeat = (answer) => {
          latencies.push(performance.now() - new DataView(answer.buffer, answer.byteOffset).getFloat64(0));
          resolve();
        };
      });
      transport.send('b', 0, beat);
      await answered;
      await new Promise((resolve) => setTimeout(resolve, beatEveryMs));
    }
    return latencies;
  };
  await beatWhile(new Promise((resolve) => setTimeout(resolve, 500)));
  const idle = await beatWhile(new Promise((resolve) => setTimeout(resolve, phaseMs)));
  transport.send('b', 0, Uint8Array.of(0));
  const computing = await beatWhile(compute(phaseMs));
  const began = performance.now();
  const busy = await beatWhile(pour());
  const mebibytesPerSecond = (streamBytes * 1000) / (1024 * 1024) / (performance.now() - began);
  return {
    idleMedianMs: quantile(idle, 0.5),
    idleP99Ms: quantile(idle, 0.99),
    busyMedianMs: quantile(computing, 0.5),
    busyP99Ms: quantile(computing, 0.99),
    streamMedianMs: quantile(busy, 0.5),
    streamP99Ms: quantile(busy, 0.99),
    mebibytesPerSecond,
  };

  async function pour(): Promise<void> {
    const part = new Uint8Array(1024 * 1024).fill(7);
    const stream = await transport.openStream('b', 'sink');
    for (let sent = 0; sent < streamBytes; sent += part.length) await stream.write(part);
    await stream.finish();
    await stream.closed;
  }
}
