import { afterEach, describe, expect, it } from 'vitest';
import { bytesOf, closeStations, failureOf, startPair } from './witness.js';

afterEach(closeStations);

describe('close with a time to drain', () => {
  it('lets calls and streams under way end, begins nothing new on either side, and tells the peers', async () => {
    const { a, b } = await startPair();
    const release: (() => void)[] = [];
    for (const { transport } of [a, b])
      transport.handle('hold', () => new Promise((resolve) => release.push(() => resolve(bytesOf('done')))));
    let read = 0;
    b.transport.handleStream('sink', async (stream) => {
      for await (const chunk of stream) read += chunk.length;
    });
    const calls = [a.transport.call('b', 'hold', bytesOf('')), b.transport.call('a', 'hold', bytesOf(''))];
    const stream = await a.transport.openStream('b', 'sink');
    while (release.length < 2) await new Promise((resolve) => setImmediate(resolve));
    let closed = false;
    const closing = b.transport.close({ drainMs: 10_000 }).then(() => {
      closed = true;
    });
    // The word of it comes with the next frame.
    let refusal: unknown = 'it was fulfilled';
    for (;;) {
      refusal = await failureOf(a.transport.call('b', 'missing', bytesOf('')));
      if ((refusal as { code?: string }).code === 'DRAINING') break;
    }
    expect(refusal).toMatchObject({ code: 'DRAINING', effect: 'none', retryable: true });
    expect(await failureOf(a.transport.openStream('b', 'sink'))).toMatchObject({
      code: 'DRAINING',
      effect: 'none',
    });
    expect(await failureOf(b.transport.call('a', 'hold', bytesOf('')))).toMatchObject({
      code: 'CLOSED',
      effect: 'none',
    });
    await stream.write(new Uint8Array(100_000));
    for (const free of release) free();
    expect(await Promise.all(calls)).toEqual([bytesOf('done'), bytesOf('done')]);
    expect(closed).toBe(false);
    await stream.finish();
    await stream.closed;
    await closing;
    expect(read).toBe(100_000);
  });

  it('ends at its deadline, and what is still open then fails with unknown effect', async () => {
    const { a, b } = await startPair();
    b.transport.handle('never', () => new Promise(() => {}));
    const call = failureOf(a.transport.call('b', 'never', bytesOf('')));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    await b.transport.close({ drainMs: 100 });
    expect(performance.now() - began).toBeGreaterThan(95);
    expect(performance.now() - began).toBeLessThan(3000);
    expect(await call).toMatchObject({ code: 'PEER_LOST', effect: 'unknown' });
  });

  it('takes no longer than it must, and refuses times that are none', async () => {
    const { a, b } = await startPair();
    for (const drainMs of [-1, 0.5, 2 ** 31])
      expect(await failureOf(a.transport.close({ drainMs }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(a.transport.connected()).toEqual(['b']);
    const began = performance.now();
    await Promise.all([a.transport.close({ drainMs: 60_000 }), b.transport.close({ drainMs: 60_000 })]);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
