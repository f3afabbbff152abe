/** The attacks: each goes for one node, from outside, with what a stranger can know. */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Random } from '@synod/core';
import { createAuthority, issueCertificate } from '@synod/transport-ws/certificates';
import { type Claim, hello, nearlyRight, noise, proof } from './forged-frames.js';
import {
  inParallel,
  loopback,
  speak,
  type Target,
  upgradeRequest,
  webSocketFrame,
} from './hostile-socket.js';

/** What an attack goes for. */
export interface Aim {
  /** Its port for nodes. */
  readonly peer: Target;
  /** Its port for clients. */
  readonly client: Target;
  /** What a stranger may have learned: cluster and node ids. */
  readonly claim: Claim;
  /** How much of the full number of inputs is sent, above 0 to 1. */
  readonly scale: number;
}

/** An attack. */
export interface Attack {
  /** What it does, for the table. */
  readonly name: string;
  /** Whether it goes for nodes that talk over TLS. */
  readonly sealed: boolean;
  /** Whether it lasts as long as the limits of time that it meets, however few its inputs. */
  readonly patient?: boolean;
  /** Where it expects to be refused; at least one of these grows. */
  readonly refusals: readonly string[];
  /** Runs it and gives the number of inputs. */
  run(aim: Aim): Promise<number>;
}

const width = 64;

/** All of them, in the order they are made. */
export const attacks: readonly Attack[] = [
  {
    name: 'random bytes at the port for nodes',
    sealed: false,
    refusals: ['MALFORMED_HTTP'],
    run: ({ peer, scale }) =>
      repeat(4_000 * scale, width, (turn) =>
        speak(peer, { ...from(turn), say: [randomBytes(turn)], patienceMs: 300 }),
      ),
  },
  {
    name: 'random bytes after a WebSocket was opened',
    sealed: false,
    refusals: ['MALFORMED_FRAME', 'TOO_MANY_BYTES', 'TIMED_OUT'],
    run: ({ peer, scale }) =>
      repeat(4_000 * scale, width, (turn) =>
        speak(peer, { ...from(turn), say: [upgradeRequest, randomBytes(turn)], patienceMs: 300 }),
      ),
  },
  {
    name: 'forged frames with right checksums',
    sealed: false,
    refusals: ['MALFORMED', 'UNAUTHENTICATED', 'WRONG_NODE', 'UNKNOWN_NODE'],
    run: ({ peer, claim, scale }) =>
      repeat(8_000 * scale, width, (turn) => {
        const random = new Random(`forged ${turn}`);
        const frames = Array.from({ length: random.integer(1, 4) }, () =>
          webSocketFrame(nearlyRight(random, claim)),
        );
        return speak(peer, { ...from(turn), say: [upgradeRequest, ...frames], patienceMs: 300 });
      }),
  },
  {
    name: "a peer's name without the token",
    sealed: false,
    refusals: ['UNAUTHENTICATED'],
    run: ({ peer, claim, scale }) =>
      repeat(2_000 * scale, width, (turn) => {
        const random = new Random(`thief ${turn}`);
        const frames = [hello(claim, noise(random, 32)), proof(noise(random, 32))].map((frame) =>
          webSocketFrame(frame),
        );
        return speak(peer, { ...from(turn), say: [upgradeRequest, ...frames], patienceMs: 300 });
      }),
  },
  {
    name: 'frames of 1 GiB, and frames that never end',
    sealed: false,
    refusals: ['MALFORMED_FRAME', 'TOO_MANY_BYTES'],
    run: ({ peer, scale }) =>
      repeat(400 * scale, 16, (turn) => {
        const endless = Array.from({ length: 200 }, () =>
          webSocketFrame(new Uint8Array(64), turn % 4 === 1 ? 0x00 : 0x80),
        );
        const huge = [webSocketFrame(new Uint8Array(1 << 20), 0x82, turn % 4 === 2 ? 2 ** 30 : 2 ** 21)];
        const say = turn % 2 === 0 ? huge : [webSocketFrame(new Uint8Array(1), 0x02), ...endless];
        return speak(peer, { ...from(turn), say: [upgradeRequest, ...say], patienceMs: 1_000 });
      }),
  },
  {
    name: 'half-open connections at the port for nodes',
    sealed: false,
    patient: true,
    refusals: ['CROWDED_OUT', 'RATE_LIMITED', 'RATE_LIMITED_ADDRESS'],
    run: ({ peer, scale }) => halfOpen(peer, 10_000 * scale),
  },
  {
    name: 'half-open connections at the port for clients',
    sealed: false,
    patient: true,
    refusals: ['CONNECTION_CROWDED_OUT', 'REQUEST_TIMEOUT'],
    run: ({ client, scale }) => halfOpen(client, 10_000 * scale),
  },
  {
    name: 'slow headers at both ports, a byte at a time',
    sealed: false,
    patient: true,
    refusals: ['TIMED_OUT', 'CROWDED_OUT', 'REQUEST_TIMEOUT'],
    run: async ({ peer, client, scale }) => {
      const drips = Math.ceil(200 * scale);
      await Promise.all([drip(peer, drips), drip(client, drips)]);
      return 2 * drips;
    },
  },
  {
    name: 'requests without the token',
    sealed: false,
    refusals: ['UNAUTHORIZED'],
    run: ({ client, scale }) =>
      repeat(5_000 * scale, width, async (turn) => {
        const token = turn % 2 === 0 ? {} : { authorization: `Bearer guess-${turn}` };
        const url = `http://${client.host}:${client.port}/v1/kv/steady`;
        await fetch(url, { method: 'PUT', body: 'x', headers: token }).then(
          (answer) => answer.arrayBuffer(),
          () => {},
        );
      }),
  },
  {
    name: 'random bytes at the port for clients',
    sealed: false,
    refusals: ['MALFORMED_REQUEST'],
    run: ({ client, scale }) =>
      repeat(4_000 * scale, width, (turn) =>
        speak(client, { ...from(turn), say: [randomBytes(turn)], patienceMs: 300 }),
      ),
  },
  {
    name: 'wrong certificates, and none',
    sealed: true,
    refusals: ['TLS_FAILED'],
    run: ({ peer, claim, scale }) => wrongCertificates(peer, claim.id, 1_000 * scale),
  },
  {
    name: 'random bytes where TLS is spoken',
    sealed: true,
    refusals: ['TLS_FAILED'],
    run: ({ peer, scale }) =>
      repeat(2_000 * scale, width, (turn) =>
        speak(peer, { ...from(turn), say: [randomBytes(turn)], patienceMs: 300 }),
      ),
  },
];

async function repeat(times: number, at: number, act: (turn: number) => Promise<unknown>): Promise<number> {
  const whole = Math.ceil(times);
  await inParallel(whole, at, act);
  return whole;
}

/** From 40 addresses in turn, so that the limit of one address does not hide what lies behind it. */
function from(turn: number): { readonly from?: string } {
  const address = loopback(1 + (turn % 40));
  return address === undefined ? {} : { from: address };
}

function randomBytes(turn: number): Uint8Array {
  const random = new Random(`random bytes ${turn}`);
  return noise(random, random.integer(1, 2_000));
}

/** All of them are open at once, as far as the other end leaves them. */
async function halfOpen(target: Target, times: number): Promise<number> {
  return await repeat(times, Math.ceil(times), (turn) =>
    speak(target, { ...from(turn), patienceMs: 15_000 }),
  );
}

async function drip(target: Target, drips: number): Promise<void> {
  const header = Array.from('GET / HTTP/1.1\r\nX: ', (letter) => Buffer.from(letter));
  await inParallel(drips, drips, async (turn) => {
    const { from: localAddress } = from(turn);
    await new Promise<void>((resolve) => {
      const socket = connect({ ...target, ...(localAddress === undefined ? {} : { localAddress }) });
      let sent = 0;
      const timer = setInterval(() => socket.write(header[sent++] ?? 'x'), 250);
      const stop = setTimeout(() => socket.destroy(), 12_000);
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(timer);
        clearTimeout(stop);
        resolve();
      });
    });
  });
}

async function wrongCertificates(target: Target, id: string, times: number): Promise<number> {
  const foreign = createAuthority({ name: 'attacked', days: 1 });
  const forged = issueCertificate(foreign, { dnsNames: [id], days: 1 });
  return await repeat(
    times,
    16,
    (turn) =>
      new Promise<void>((resolve) => {
        const { from: localAddress } = from(turn);
        const local = localAddress === undefined ? {} : { localAddress };
        const shown = turn % 2 === 0 ? forged : {};
        const socket = connectTls({ ...target, ...local, ...shown, rejectUnauthorized: false });
        const stop = setTimeout(() => socket.destroy(), 1_000);
        socket.on('error', () => {});
        socket.on('secureConnect', () => socket.write(upgradeRequest));
        socket.on('close', () => {
          clearTimeout(stop);
          resolve();
        });
      }),
  );
}
