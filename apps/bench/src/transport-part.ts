/** The part `transport` of the benchmarks: measures and prints. */
import { markdownTable, type Row } from './table.js';
import {
  type LargeFigures,
  measureTransports,
  type Ratios,
  type TransportFigures,
  type TransportResults,
} from './transport-throughput.js';

/**
 * Measures transports and prints tables.
 *
 * @param durationMs - How long each is measured.
 * @param print - Prints a text.
 */
export async function transportPart(
  durationMs: number,
  print: (text: string) => void,
): Promise<TransportResults> {
  print('## Transports over loopback: client and server of each in processes of their own\n');
  const results = await measureTransports(durationMs);
  print(
    '100-byte messages, bursts of 512 a turn of the event loop, in one direction; and one message a turn:\n',
  );
  print(`${markdownTable(results.small.map(floodRow))}\n`);
  print(`${besides('packs, checks and reads the same frames', results.ofSameFrames)}`);
  print(`${besides('packs by the turn and checks nothing', results.ofUnchecked)}\n`);
  print('100-byte messages there and back, one and 256 in flight:\n');
  print(`${markdownTable(results.small.map(echoRow))}\n`);
  print('64 KiB messages, in one direction:\n');
  print(`${markdownTable(results.large.map(largeRow))}\n`);
  const { beats } = results;
  print(
    'A small message of the protocol there and back, every 2 ms, beside a stream of 256 MiB and otherwise:\n',
  );
  const rows: Row[] = [
    { beside: 'nothing', 'median ms': beats.idleMedianMs, 'p99 ms': beats.idleP99Ms },
    { beside: 'both processes computing', 'median ms': beats.busyMedianMs, 'p99 ms': beats.busyP99Ms },
    { beside: 'a stream', 'median ms': beats.streamMedianMs, 'p99 ms': beats.streamP99Ms },
  ];
  print(`${markdownTable(rows)}\n`);
  print(`The stream moved ${beats.mebibytesPerSecond.toFixed(0)} MiB/s.\n`);
  return results;
}

const words: Readonly<Record<string, string>> = {
  synod: '@synod/transport-ws',
  'synod-unmasked': '@synod/transport-ws, unmasked',
  ws: 'ws',
  'ws-lengths': 'ws, packed by the turn',
  'ws-sealed': 'ws, the same frames',
  grpc: '@grpc/grpc-js',
};

function floodRow(each: TransportFigures): Row {
  return {
    transport: words[each.name] ?? each.name,
    'messages/s': each.messagesPerSecond,
    'of ws': `${each.ofWebSocket.toFixed(2)}x`,
    'CPU us a message': each.processorUsPerMessage,
    'one a turn, messages/s': each.singleMessagesPerSecond,
    'one a turn, CPU us': each.singleProcessorUsPerMessage,
  };
}

function echoRow(each: TransportFigures): Row {
  return {
    transport: words[each.name] ?? each.name,
    'one: median ms': each.aloneMedianMs,
    'one: p99 ms': each.aloneP99Ms,
    '256: round trips/s': each.loadedPerSecond,
    '256: p99 ms': each.loadedP99Ms,
  };
}

function largeRow(each: LargeFigures): Row {
  return {
    transport: words[each.name] ?? each.name,
    'MiB/s': each.mebibytesPerSecond,
    'of ws': `${each.ofWebSocket.toFixed(2)}x`,
    'CPU us a message': each.processorUsPerMessage,
  };
}

function besides(what: string, { messages, processor }: Ratios): string {
  return `Beside raw ws that ${what}: ${messages.toFixed(2)}x the messages a second, ${processor.toFixed(2)}x the processor time a message.`;
}
