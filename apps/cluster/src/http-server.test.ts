import * as net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EventFeed } from './event-feed.js';
import { type HttpRoute, HttpServer, json } from './http-server.js';
import { EventStreamDecoder, eventStreamLimits, streamEvents } from './server-sent-events.js';

/** Longest wait for what comes in its own time: long, for a busy machine. */
const patience = { timeout: 10_000 };
const servers: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

async function serve(routes: readonly HttpRoute[], limits = {}): Promise<number> {
  const server = new HttpServer(routes, limits);
  servers.push(server);
  return await server.listen('127.0.0.1', 0);
}

const echo: HttpRoute = {
  method: 'PUT',
  path: '/keys/*',
  handler: async (request) => json({ rest: request.rest, length: (await request.body()).length }),
};

/** Sends bytes as they are, and gives everything that comes back until the server closes or falls silent. */
async function raw(port: number, text: string | Uint8Array, waitMs = 300): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setTimeout(waitMs, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('the HTTP server', () => {
  it('gives a handler the path as it stood on the request line', async () => {
    const port = await serve([echo]);
    const answer = await raw(
      port,
      'PUT /keys/../%2e%2e/%FF//x?y HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n',
    );
    expect(answer).toContain('"rest":"../%2e%2e/%FF//x"');
  });

  it('answers unknown places and wrong methods with typed errors', async () => {
    const port = await serve([echo]);
    const nowhere = await fetch(`http://127.0.0.1:${port}/nowhere`);
    expect(nowhere.status).toBe(404);
    expect(await nowhere.json()).toMatchObject({ error: { code: 'ROUTE_NOT_FOUND', effect: 'none' } });
    const wrong = await fetch(`http://127.0.0.1:${port}/keys/a`, { method: 'POST' });
    expect(wrong.status).toBe(405);
    expect(await wrong.json()).toMatchObject({
      error: { code: 'METHOD_NOT_ALLOWED', message: expect.stringContaining('use PUT') },
    });
  });

  it('answers what is not HTTP with a typed error and goes on', async () => {
    const port = await serve([echo]);
    expect(await raw(port, 'hello there\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 [\s\S]*"code":"MALFORMED_REQUEST"/,
    );
    expect(
      await raw(
        port,
        new Uint8Array(1_000).map((_, at) => (at * 7919) % 256),
      ),
    ).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(port, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toContain(
      'HEADERS_TOO_LARGE',
    );
    expect((await fetch(`http://127.0.0.1:${port}/keys/a`, { method: 'PUT', body: 'abc' })).status).toBe(200);
  });

  it('refuses a long body, announced or not, and the client sees why', async () => {
    const port = await serve([echo], { bodyBytesMax: 1_000 });
    const url = `http://127.0.0.1:${port}/keys/a`;
    const announced = await fetch(url, { method: 'PUT', body: Buffer.alloc(1_001) });
    expect(announced.status).toBe(413);
    const chunk = new Uint8Array(64 * 1024);
    let left = 200;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const streamed = await fetch(url, { method: 'PUT', body: stream, duplex: 'half' });
    expect(streamed.status).toBe(413);
    expect(await streamed.json()).toMatchObject({ error: { code: 'BODY_TOO_LARGE', effect: 'none' } });
    expect((await fetch(url, { method: 'PUT', body: Buffer.alloc(1_000) })).status).toBe(200);
  });

  it('a client that asks before it sends a long body is refused without sending it', async () => {
    const port = await serve([echo], { bodyBytesMax: 1_000 });
    const head = (length: number) =>
      `PUT /keys/a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
    expect(await raw(port, head(100_000_000))).toMatch(/^HTTP\/1.1 413 /);
    expect(await raw(port, head(10))).toMatch(/^HTTP\/1.1 100 /);
  });

  it('all bodies together are bounded, and their memory is given back', async () => {
    const port = await serve([echo], { bodyBytesMax: 1_000, bodiesBytesMax: 1_500 });
    const begun = net.connect(port, '127.0.0.1');
    begun.write(`PUT /keys/a HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(900)}`);
    const put = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/keys/b`, { method: 'PUT', body: Buffer.alloc(800) })).status;
    await expect.poll(put, patience).toBe(429);
    begun.destroy();
    await expect.poll(put, patience).toBe(200);
  });

  it('a request that does not arrive in time is ended', async () => {
    const port = await serve([echo], { headersTimeoutMs: 100, requestTimeoutMs: 200 });
    expect(await raw(port, 'PUT /keys/a HTTP/1.1\r\nhost: a\r\n', 5_000)).toContain('REQUEST_TIMEOUT');
  });

  it('a handler that throws costs its request only', async () => {
    const boom: HttpRoute = {
      method: 'GET',
      path: '/boom',
      handler: () => {
        throw new TypeError('boom');
      },
    };
    const port = await serve([boom]);
    const answer = await fetch(`http://127.0.0.1:${port}/boom`);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ error: { code: 'INTERNAL', message: 'boom' } });
  });

  it('a taken port is told with what to do about it', async () => {
    const port = await serve([echo]);
    const second = new HttpServer([echo]);
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('choose another port with --port'),
    });
  });
});

describe('a stream of events', () => {
  it('begins where the reader stopped and goes on live', async () => {
    const feed = new EventFeed(1);
    const publish = (number: number): void =>
      feed.publish({ node: 'n1', timeMs: 0, event: { type: 'tested', number } });
    for (const number of [1, 2, 3]) publish(number);
    const port = await serve([streamRoute(feed)]);
    const answer = await fetch(`http://127.0.0.1:${port}/events`, { headers: { 'last-event-id': '1002' } });
    const numbers = readNumbers(answer);
    expect((await numbers.next()).value).toBe(3);
    publish(4);
    expect((await numbers.next()).value).toBe(4);
    await numbers.return(undefined);
    await expect.poll(() => feed.readers, patience).toBe(0);
  });

  it('cuts off a reader that does not keep up', async () => {
    const feed = new EventFeed(1, 10);
    const port = await serve([streamRoute(feed)]);
    const socket = net.connect(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    socket.write('GET /events HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => feed.readers, patience).toBe(1);
    const text = 'x'.repeat(100_000);
    await expect
      .poll(
        () => {
          feed.publish({ node: 'n1', timeMs: 0, event: { type: 'tested', text } });
          return feed.readers;
        },
        { interval: 1, timeout: 10_000 },
      )
      .toBe(0);
    socket.destroy();
  });

  it('takes a bounded number of readers', async () => {
    const feed = new EventFeed(1);
    const port = await serve([streamRoute(feed, 1)]);
    const first = await fetch(`http://127.0.0.1:${port}/events`);
    const second = await fetch(`http://127.0.0.1:${port}/events`);
    expect(second.status).toBe(429);
    await first.body?.cancel();
  });

  it('is decoded the same however it is cut into pieces', () => {
    const text = 'retry: 1000\n\nid: 1\ndata: {"a":1}\n\n: still here\n\nid: 2\ndata: {"b":\ndata: 2}\n\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const decoder = new EventStreamDecoder();
      const events = [...decoder.push(text.slice(0, cut)), ...decoder.push(text.slice(cut))];
      expect(events).toEqual(['{"a":1}', '{"b":\n2}']);
    }
  });
});

function streamRoute(feed: EventFeed, readersMax = 10): HttpRoute {
  return {
    method: 'GET',
    path: '/events',
    handler: (request, outgoing) => {
      streamEvents(feed, request, outgoing, { ...eventStreamLimits, readersMax });
      return 'streamed';
    },
  };
}

async function* readNumbers(answer: Response): AsyncGenerator<unknown, void> {
  const decoder = new EventStreamDecoder();
  const text = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    for (const data of decoder.push(text.decode(chunk))) yield JSON.parse(data).event.number;
  }
}
