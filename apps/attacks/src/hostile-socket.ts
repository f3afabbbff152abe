/** A TCP connection that says exactly what it is told, from any address of this machine's loopback network. */
import * as net from 'node:net';

/** Where an attack goes. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** How a connection behaves. */
export interface Behaviour {
  /** What it sends once it is open. */
  readonly say?: readonly Uint8Array[];
  /** Address it comes from; only Linux lets all of 127.0.0.0/8 be used. */
  readonly from?: string;
  /** How long it waits for the other end to close, in milliseconds. */
  readonly patienceMs: number;
}

/**
 * Opens a connection, says something, and waits until it is closed.
 *
 * @returns What came back.
 */
export function speak({ host, port }: Target, { say = [], from, patienceMs }: Behaviour): Promise<Buffer> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const local = from === undefined ? {} : { localAddress: from };
    const socket = net.connect({ host, port, ...local }, () => {
      for (const bytes of say) socket.write(bytes);
    });
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (chunk) => heard.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(heard));
    });
  });
}

/**
 * An address of the loopback network.
 *
 * @param number - Which, from 0; the one that everybody uses is left out.
 */
export function loopback(number: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return `127.1.${(number >> 8) & 255}.${number & 255 || 1}`;
}

/** Asks for a WebSocket. */
export const upgradeRequest = Buffer.from(
  'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
);

/**
 * A frame of a client (RFC 6455 §5.2), masked with zeros.
 *
 * @param payload - What it holds.
 * @param first - Its first byte: whether it is the last of its message, and the kind. Default: a whole binary message.
 * @param announced - The length that it claims. Default: that of the payload.
 */
export function webSocketFrame(payload: Uint8Array, first = 0x82, announced = payload.length): Buffer {
  const head = Buffer.alloc(14);
  head[0] = first;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(announced), 2);
  return Buffer.concat([head, payload]);
}

/** Does something many times, a bounded number of them at once. */
export async function inParallel(
  times: number,
  width: number,
  act: (turn: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < times) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, times) }, worker));
}
