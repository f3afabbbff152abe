import { ByteWriter, SynodError } from '@synod/core';
import { beginFrame, endFrame } from '@synod/integrity';
import { afterEach, describe, expect, it } from 'vitest';
import { type ExchangeItem, exchangeFrameKind, itemTag, writeItemHead } from '../src/exchange-items.js';
import { ExchangeError } from '../src/index.js';
import { NetworkProxy } from './network-proxy.js';
import { Stranger } from './stranger.js';
import {
  bytesOf,
  closeStations,
  failureOf,
  portOf,
  startPair,
  startStation,
  untilDown,
  untilUp,
  urlOf,
} from './witness.js';

const cleanups: (() => void)[] = [];

afterEach(async () => {
  await closeStations();
  for (const clean of cleanups.splice(0)) clean();
});

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

describe('a call', () => {
  it('is answered by the handler of its name, in both directions and many at once', async () => {
    const { a, b } = await startPair();
    for (const { transport } of [a, b])
      transport.handle('greet', async ({ from, method, payload }) => {
        await Promise.resolve();
        return bytesOf(`${transport.local} ${method}s ${from} ${textOf(payload)}`);
      });
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, call) =>
        call % 2 === 0
          ? textOf(await a.transport.call('b', 'greet', bytesOf(`${call}`)))
          : textOf(await b.transport.call('a', 'greet', bytesOf(`${call}`))),
      ),
    );
    expect(answers).toEqual(
      Array.from({ length: 500 }, (_, call) =>
        call % 2 === 0 ? `b greets a ${call}` : `a greets b ${call}`,
      ),
    );
    // Calls of one turn share a frame, as messages do.
    expect(a.transport.stats().framesSent).toBeLessThan(250);
  });

  it('may be made from within a handler, with the deadline handed on', async () => {
    const { a, b } = await startPair();
    let budgetMs = 0;
    a.transport.handle('leaf', ({ deadline }) => {
      budgetMs = deadline - performance.now();
      return bytesOf('leaf');
    });
    b.transport.handle('branch', ({ from, deadline }) =>
      b.transport.call(from, 'leaf', bytesOf(''), { deadline }),
    );
    expect(textOf(await a.transport.call('b', 'branch', bytesOf(''), { timeoutMs: 2000 }))).toBe('leaf');
    expect(budgetMs).toBeGreaterThan(1000);
    expect(budgetMs).toBeLessThanOrEqual(2000);
  });

  it('that nobody answers in time fails with unknown effect, and its handler is told', async () => {
    const { a, b } = await startPair();
    const told = new Promise<unknown>((resolve) => {
      b.transport.handle('slow', ({ signal }) => {
        return new Promise<Uint8Array>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            resolve(signal.reason);
            reject(new Error('late'));
          });
        });
      });
    });
    const failure = await failureOf(a.transport.call('b', 'slow', bytesOf('x'), { timeoutMs: 30 }));
    expect(failure).toBeInstanceOf(ExchangeError);
    expect(failure).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      effect: 'unknown',
      retryable: true,
      peer: 'b',
      method: 'slow',
      remote: false,
    });
    expect(['DEADLINE_EXCEEDED', 'CANCELLED']).toContain(((await told) as ExchangeError).code);
    expect(await failureOf(a.transport.call('b', 'slow', bytesOf(''), { deadline: 0 }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      effect: 'none',
    });
  });

  it('that its signal gives up fails at once, and aborts the signal of its handler', async () => {
    const { a, b } = await startPair();
    let begun = (): void => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const aborted = new Promise<void>((resolve) => {
      b.transport.handle('wait', ({ signal }) => {
        begun();
        return new Promise(() => signal.addEventListener('abort', () => resolve()));
      });
    });
    const controller = new AbortController();
    const call = failureOf(a.transport.call('b', 'wait', bytesOf(''), { signal: controller.signal }));
    await running;
    controller.abort(new Error('changed my mind'));
    const failure = await call;
    expect(failure).toMatchObject({ code: 'CANCELLED', effect: 'unknown' });
    expect((failure as ExchangeError).cause).toMatchObject({ message: 'changed my mind' });
    await aborted;
    const before = await failureOf(a.transport.call('b', 'wait', bytesOf(''), { signal: controller.signal }));
    expect(before).toMatchObject({ code: 'CANCELLED', effect: 'none' });
  });

  it('gives back what its handler threw, with code and effect', async () => {
    const { a, b } = await startPair();
    b.transport.handle('refuse', () => {
      throw new SynodError({ code: 'NOT_LEADER', message: 'n3 leads', effect: 'none', retryable: true });
    });
    b.transport.handle('break', () => {
      throw new Error('out of cheese\n\u001b[31m');
    });
    expect(await failureOf(a.transport.call('b', 'refuse', bytesOf('')))).toMatchObject({
      code: 'NOT_LEADER',
      message: 'n3 leads',
      effect: 'none',
      retryable: true,
      remote: true,
    });
    const failure = await failureOf(a.transport.call('b', 'break', bytesOf('')));
    expect(failure).toMatchObject({ code: 'HANDLER_FAILED', effect: 'unknown', retryable: false });
    expect(String(failure)).toContain('out of cheese');
    expect(String(failure)).not.toContain('\u001b');
  });

  it('of a name that nobody handles is refused for good, whatever the name', async () => {
    const { a, b } = await startPair();
    for (const method of ['missing', '__proto__', 'constructor', 'toString'])
      expect(await failureOf(a.transport.call('b', method, bytesOf('')))).toMatchObject({
        code: 'NO_SUCH_METHOD',
        effect: 'none',
        retryable: false,
      });
    const remove = b.transport.handle('__proto__', () => bytesOf('a name like any other'));
    expect(textOf(await a.transport.call('b', '__proto__', bytesOf('')))).toBe('a name like any other');
    remove();
    expect(await failureOf(a.transport.call('b', '__proto__', bytesOf('')))).toMatchObject({
      effect: 'none',
    });
  });

  it('whose peer is lost fails with unknown effect; without a connection nothing is sent', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const a = await startStation('a', {
      peers: [{ id: 'b', address: proxy.url }],
      reconnect: { baseMs: 5000, capMs: 5000 },
    });
    await untilUp(a, 'b');
    let gaveUp: unknown;
    b.transport.handle('never', ({ signal }) => {
      signal.addEventListener('abort', () => {
        gaveUp = signal.reason;
      });
      proxy.cut();
      return new Promise(() => {});
    });
    expect(await failureOf(a.transport.call('b', 'never', bytesOf('')))).toMatchObject({
      code: 'PEER_LOST',
      effect: 'unknown',
      retryable: true,
    });
    await untilDown(b, 'a');
    expect(gaveUp).toMatchObject({ code: 'PEER_LOST' });
    await untilDown(a, 'b');
    for (const peer of ['b', 'nobody'])
      expect(await failureOf(a.transport.call(peer, 'never', bytesOf('')))).toMatchObject({
        code: 'NOT_CONNECTED',
        effect: 'none',
        retryable: true,
      });
  });

  it('settles when either side is closed, and after that none is begun', async () => {
    const { a, b } = await startPair();
    b.transport.handle('never', () => new Promise(() => {}));
    const ours = failureOf(a.transport.call('b', 'never', bytesOf('')));
    await a.transport.close();
    expect(await ours).toMatchObject({ code: 'CLOSED', effect: 'unknown' });
    expect(await failureOf(a.transport.call('b', 'never', bytesOf('')))).toMatchObject({
      code: 'CLOSED',
      effect: 'none',
    });
  });
});

describe('limits of calls', () => {
  it('hold at the caller and at the peer, in number and in bytes, and room comes back', async () => {
    const limits = { callsOpenMax: 4, frameBytesMax: 4096, callBytesMax: 4096 };
    const { a, b } = await startPair({ limits: { ...limits, callsOpenMax: 6 } }, { limits });
    const release: (() => void)[] = [];
    b.transport.handle(
      'hold',
      ({ payload }) => new Promise((resolve) => release.push(() => resolve(payload))),
    );
    const open = Array.from({ length: 7 }, () =>
      failureOf(a.transport.call('b', 'hold', new Uint8Array(10))),
    );
    expect(await open[6]).toMatchObject({ code: 'TOO_MANY_CALLS', effect: 'none', remote: false });
    for (const refused of [open[4], open[5]])
      expect(await refused).toMatchObject({
        code: 'TOO_MANY_CALLS',
        effect: 'none',
        remote: true,
        retryable: true,
      });
    for (const free of release.splice(0)) free();
    await Promise.all(open.slice(0, 4));
    const large = Array.from({ length: 3 }, () =>
      failureOf(a.transport.call('b', 'hold', new Uint8Array(1500))),
    );
    expect(await large[2]).toMatchObject({ code: 'TOO_MANY_CALLS', remote: true });
    for (const free of release.splice(0)) free();
    expect(await Promise.all(large.slice(0, 2))).toEqual(['it was fulfilled', 'it was fulfilled']);
  });

  it('refuse what does not fit into a frame, there and back', async () => {
    const { a, b } = await startPair({ limits: { frameBytesMax: 4096 } });
    b.transport.handle('blow up', () => new Uint8Array(5000));
    expect(await failureOf(a.transport.call('b', 'blow up', new Uint8Array(5000)))).toMatchObject({
      code: 'TOO_LARGE',
      effect: 'none',
    });
    expect(await failureOf(a.transport.call('b', 'blow up', new Uint8Array(0)))).toMatchObject({
      code: 'TOO_LARGE',
      effect: 'unknown',
      remote: true,
    });
  });

  it('refuse names that are none, and a second handler', async () => {
    const { a } = await startPair();
    a.transport.handle('one', () => bytesOf(''));
    expect(() => a.transport.handle('one', () => bytesOf(''))).toThrow('has a handler');
    for (const name of ['', 'x'.repeat(129), 'ü'.repeat(65)]) {
      expect(() => a.transport.handle(name, () => bytesOf(''))).toThrow('1 to 128 bytes');
      expect(await failureOf(a.transport.call('b', name, bytesOf('')))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    for (const timeoutMs of [0, -1, 0.5, 2 ** 31])
      expect(await failureOf(a.transport.call('b', 'x', bytesOf(''), { timeoutMs }))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
  });
});

/** A sealed frame of items, as a peer would send it. */
function frameOf(
  ...items: (ExchangeItem | { readonly tag: number; readonly body: Uint8Array })[]
): Uint8Array {
  const writer = new ByteWriter();
  const start = beginFrame(writer);
  writer.u8(exchangeFrameKind);
  for (const item of items) {
    const body = new ByteWriter();
    if ('tag' in item) body.raw(item.body);
    else body.raw(writeItemHead(body, item));
    writer.varint('tag' in item ? item.tag : itemTag[item.type]);
    writer.bytes(body.take());
  }
  endFrame(writer, start);
  return writer.take();
}

describe('a peer that breaks the rules of calls and streams', () => {
  const nothing = new Uint8Array(0);
  const call: ExchangeItem = { type: 'call', id: 1, method: 'never', remainingMs: 1000, payload: nothing };
  const open: ExchangeItem = { type: 'open', id: 1, name: 'sink', window: 4096, payload: nothing };
  const cases: [string, Uint8Array][] = [
    ['calls twice under one id', frameOf(call, call)],
    ['answers a call that was never made', frameOf({ type: 'reply', id: 7, payload: nothing })],
    ['speaks of a stream that was never opened', frameOf({ type: 'credit', id: 9, bytes: 1 })],
    ['opens a stream under an id of the other side', frameOf({ ...open, id: 2 })],
    ['opens streams under one id twice', frameOf(open, open)],
    ['ends a stream twice', frameOf(open, { type: 'end', id: 1 }, { type: 'end', id: 1 })],
    [
      'sends more than it was granted',
      frameOf(open, { type: 'chunk', id: 1, payload: new Uint8Array(300_000) }),
    ],
    [
      'sends after the end',
      frameOf(open, { type: 'end', id: 1 }, { type: 'chunk', id: 1, payload: nothing }),
    ],
    [
      'grants without end',
      frameOf({ ...open, window: 2 ** 53 - 1 }, { type: 'credit', id: 1, bytes: 2 ** 53 - 1 }),
    ],
    ['opens a stream with much to say', frameOf({ ...open, payload: new Uint8Array(4097) })],
    ['accepts what was not opened to it', frameOf(open, { type: 'accept', id: 1, window: 1 })],
    ['names a method at length', frameOf({ ...call, method: 'x'.repeat(129) })],
    ['cuts an item short', frameOf({ tag: itemTag.call, body: Uint8Array.of(1, 200) })],
  ];

  it.each(cases)('and %s loses its connection, not the process', async (_name, frame) => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    b.transport.handle('never', () => new Promise(() => {}));
    b.transport.handleStream('sink', () => new Promise(() => {}));
    const stranger = await Stranger.connect(urlOf(b));
    await stranger.becomePeer();
    await untilUp(b, 'a');
    stranger.socket.send(frame);
    expect((await stranger.closed).code).toBe(1002);
    expect(b.transport.stats().framesDamaged).toBe(1);
  });

  it('but sends items of a later version is not minded', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    b.transport.handle('echo', ({ payload }) => payload);
    const stranger = await Stranger.connect(urlOf(b));
    await stranger.becomePeer();
    await untilUp(b, 'a');
    stranger.socket.send(frameOf({ tag: 77, body: Uint8Array.of(1, 2, 3) }, { ...call, method: 'echo' }));
    while (stranger.messages.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(b.transport.connected()).toEqual(['a']);
  });

  it('and makes this node answer without reading loses its connection in the end', async () => {
    const b = await startStation('b', {
      peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }],
      limits: { frameBytesMax: 65536, callLaneBytesMax: 65536, socketBytesMax: 65536 },
      heartbeatMs: 60_000,
    });
    const proxy = await NetworkProxy.before(portOf(b));
    cleanups.push(() => proxy.close());
    const stranger = await Stranger.connect(proxy.url);
    await stranger.becomePeer();
    await untilUp(b, 'a');
    proxy.hold({ fromServer: true });
    let id = 1;
    while (b.transport.connected().length > 0) {
      const calls = Array.from(
        { length: 500 },
        (): ExchangeItem => ({ ...call, id: id++, method: 'missing' }),
      );
      stranger.socket.send(frameOf(...calls));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(b.witness.all('peerDown')[0]?.reason).toContain('does not read the answers');
  });
});
