import { describe, expect, it } from 'vitest';
import { MemoryNetwork } from '../../memory/memory-network.js';
import type { Transport, TransportHandler } from '../../transport.js';
import { transportCases } from './transport-suite.js';
import type { TransportUnderTest } from './transport-under-test.js';

type Bug = (inner: Transport) => Partial<Transport>;

/** The memory transport, with some of its functions exchanged, and other handlers. */
function memory(
  bug: Bug = () => ({}),
  heard: (handler: TransportHandler) => TransportHandler = (handler) => handler,
): TransportUnderTest {
  return {
    openCluster() {
      const network = new MemoryNetwork();
      return {
        async startNode(id, handler, incarnation) {
          const inner = network.transport(id);
          const transport: Transport = {
            local: inner.local,
            start: (...args) => inner.start(...args),
            send: (...args) => inner.send(...args),
            connected: () => inner.connected(),
            close: () => inner.close(),
            ...bug(inner),
          };
          await transport.start(heard(handler), incarnation);
          return transport;
        },
      };
    },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

describe('the contract of transports: the memory network', () => {
  for (const { name, run } of transportCases(memory())) it(name, run);
});

/** A handler with some of its functions exchanged. */
function hearing(change: (handler: TransportHandler) => Partial<TransportHandler>) {
  return (handler: TransportHandler): TransportHandler => ({
    admit: (hello) => handler.admit(hello),
    onPeerUp: (peer) => handler.onPeerUp(peer),
    onPeerDown: (peer, reason) => handler.onPeerDown(peer, reason),
    onRefused: (peer, refusal) => handler.onRefused(peer, refusal),
    onPayload: (from, group, payload) => handler.onPayload(from, group, payload),
    ...change(handler),
  });
}

const bugs: readonly [string, TransportUnderTest][] = [
  [
    'keeps the sender’s array',
    memory((inner) => ({
      send: (to, group, payload, lane) => {
        if (payload.length !== 100) return inner.send(to, group, payload, lane);
        setImmediate(() => inner.send(to, group, payload, lane));
        return true;
      },
    })),
  ],
  [
    'sends what was not admitted later',
    memory((inner) => ({
      send: (to, group, payload, lane) => {
        if (!inner.send(to, group, payload, lane)) setTimeout(() => inner.send(to, group, payload, lane), 30);
        return true;
      },
    })),
  ],
  ['loses all', memory(() => ({ send: () => true }))],
  [
    'cuts long payloads',
    memory((inner) => ({
      send: (to, group, payload, lane) => inner.send(to, group, payload.subarray(0, 60_000), lane),
    })),
  ],
  [
    'forgets groups',
    memory((inner) => ({ send: (to, _group, payload, lane) => inner.send(to, 0, payload, lane) })),
  ],
  [
    'has one lane',
    memory((inner) => ({ send: (to, group, payload) => inner.send(to, group, payload, 'snapshot') })),
  ],
  [
    'has no bound',
    memory((inner) => ({
      send: (to, group, payload, lane) =>
        inner.send(to, group, payload, lane) || inner.connected().includes(to),
    })),
  ],
  [
    'admits all',
    memory(
      undefined,
      hearing((handler) => ({
        admit: async (hello) => {
          await handler.admit(hello);
          return undefined;
        },
      })),
    ),
  ],
  [
    'does not wait for admissions',
    memory(
      undefined,
      hearing((handler) => ({
        admit: (hello) => {
          void handler.admit(hello);
          return Promise.resolve(undefined);
        },
      })),
    ),
  ],
  [
    'tells nobody of refusals',
    memory(
      undefined,
      hearing(() => ({ onRefused() {} })),
    ),
  ],
  [
    'tells twice that a peer is up',
    memory(
      undefined,
      hearing((handler) => ({
        onPeerUp: (peer) => {
          handler.onPeerUp(peer);
          handler.onPeerUp(peer);
        },
      })),
    ),
  ],
  [
    'tells nobody that a peer is gone',
    memory(
      undefined,
      hearing(() => ({ onPeerDown() {} })),
    ),
  ],
  [
    'swaps names',
    memory(
      undefined,
      hearing((handler) => ({
        onPayload: (from, group, payload) => handler.onPayload(from === 'a' ? 'b' : 'a', group, payload),
      })),
    ),
  ],
  [
    'delivers from within send',
    memory((inner) => {
      let handler: TransportHandler | undefined;
      return {
        start: (given, incarnation) => {
          handler = given;
          return inner.start(given, incarnation);
        },
        send: (to, group, payload, lane) => {
          if (to === inner.local) handler?.onPayload(to, group, payload);
          return inner.send(to, group, payload, lane);
        },
      };
    }),
  ],
  ['knows nobody', memory(() => ({ connected: () => [] }))],
  [
    'may be started again',
    memory((inner) => {
      let started = false;
      return {
        start: (...args) => {
          if (started) return Promise.resolve();
          started = true;
          return inner.start(...args);
        },
      };
    }),
  ],
  [
    'talks after close',
    memory((inner) => ({
      close: () => {
        setImmediate(() => setImmediate(() => void inner.close()));
        return Promise.resolve();
      },
    })),
  ],
];

describe('the cases of the contract find a transport that', () => {
  it.each(bugs)('%s', async (_name, broken) => {
    let failed = 0;
    for (const { run } of transportCases(broken)) {
      await run().catch(() => {
        failed++;
      });
      if (failed > 0) break;
    }
    expect(failed).toBeGreaterThan(0);
  });
});
