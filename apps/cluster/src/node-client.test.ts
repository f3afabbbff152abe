import * as net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpServer, json } from './http-server.js';
import { NodeClient } from './node-client.js';

const running: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

function clientOf(port: number): NodeClient {
  const client = new NodeClient(`http://127.0.0.1:${port}`, 2);
  running.push(client);
  return client;
}

/** A server that does something with each connection, and nothing else. */
async function listen(onConnection: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const put = { method: 'PUT', target: '/v1/kv/a', body: Buffer.from('b'), timeoutMs: 300 };

describe('a request to a node', () => {
  it('that was never sent, because nobody listens, has no effect', async () => {
    const port = await listen(() => {});
    running.splice(0).map((server) => server.close());
    await expect(clientOf(port).send(put)).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      effect: 'none',
    });
  });

  it('that was sent and then broke off has an unknown effect', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.destroy()));
    await expect(clientOf(port).send(put)).rejects.toMatchObject({ effect: 'unknown' });
  });

  it('that was sent and got no answer in time has an unknown effect', async () => {
    const port = await listen((socket) => socket.on('data', () => {}).on('end', () => socket.end()));
    await expect(clientOf(port).send(put)).rejects.toMatchObject({
      effect: 'unknown',
      message: expect.stringContaining('nothing came within 300 ms'),
    });
  });

  it('whose answer was cut short has an unknown effect', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"revision"';
    const port = await listen((socket) => socket.once('data', () => socket.end(head)));
    await expect(clientOf(port).send(put)).rejects.toMatchObject({ effect: 'unknown' });
  });

  it('that still waited for a connection when its time was up has no effect', async () => {
    const port = await listen((socket) => socket.on('data', () => {}).on('end', () => socket.end()));
    const client = clientOf(port);
    const holding = [client.send({ ...put, timeoutMs: 1_000 }), client.send({ ...put, timeoutMs: 1_000 })];
    await expect(client.send(put)).rejects.toMatchObject({ effect: 'none' });
    for (const held of holding) await expect(held).rejects.toMatchObject({ effect: 'unknown' });
  });

  it('leaves its connection open for the next one', async () => {
    let connections = 0;
    const server = new HttpServer([{ method: 'GET', path: '/', handler: () => json({}) }]);
    const port = await server.listen('127.0.0.1', 0);
    const proxy = await listen((socket) => {
      connections += 1;
      socket.pipe(net.connect(port, '127.0.0.1')).pipe(socket);
    });
    const client = clientOf(proxy);
    for (let count = 0; count < 5; count++) {
      expect((await client.send({ method: 'GET', target: '/', timeoutMs: 5_000 })).status).toBe(200);
    }
    expect(connections).toBe(1);
    client.close();
    await server.close(0);
  });
});
