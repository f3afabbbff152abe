import * as net from 'node:net';
import { createMembership } from '@synod/core';
import { encodePut, KvStateMachine } from '@synod/kv';
import type { Replica } from '@synod/replica';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpServer } from '../http-server.js';
import { NodeClient } from '../node-client.js';
import { NodeDirectory } from '../node-directory.js';
import { ReplicatedStore } from '../replicated-store.js';
import { RestError } from '../rest-errors.js';
import { BackupReader } from './backup-reader.js';
import { fetchBackup } from './fetch-backup.js';
import { forwardBackup } from './forward-backup.js';
import { LiveBackups } from './live-backup.js';

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0);
});

/** A store of some megabytes on a replica that answers every read at once. */
function bigStore(): { readonly machine: KvStateMachine; readonly store: ReplicatedStore } {
  const machine = new KvStateMachine();
  const value = new Uint8Array(500_000).fill(7);
  for (let at = 1; at <= 40; at++) machine.apply(at, encodePut({ key: `key-${at}`, value }));
  const applied = { index: 40, term: 3, membership: createMembership(['n1']) };
  const replica: Partial<Replica<unknown>> = {
    read: (query) => Promise.resolve(query()),
    status: () => ({ applied }) as ReturnType<Replica<unknown>['status']>,
  };
  return { machine, store: new ReplicatedStore(replica as Replica<never>, machine) };
}

async function serve(
  store: ReplicatedStore,
  limits?: { readonly backupsMax: number; readonly stallMs: number },
): Promise<{ readonly port: number; readonly url: string }> {
  const backups = new LiveBackups({ node: 'n1', cluster: 'test', engine: 'raft' }, limits);
  const server = new HttpServer([
    {
      method: 'GET',
      path: '/v1/backup',
      handler: (request, outgoing) => backups.stream(store, request, outgoing),
    },
  ]);
  servers.push(server);
  const port = await server.listen('127.0.0.1', 0);
  return { port, url: `http://127.0.0.1:${port}` };
}

/** A client that asks for a backup and then reads nothing. */
function stall(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /v1/backup HTTP/1.1\r\nhost: x\r\n\r\n');
  socket.pause();
  return socket;
}

describe('a live backup', () => {
  it('is of one moment, whatever is written while it goes out', async () => {
    const { machine, store } = bigStore();
    const { url } = await serve(store);
    const hash = machine.hash();
    const copy = new KvStateMachine();
    const restore = copy.restore();
    const reader = new BackupReader({ chunk: (bytes) => restore.write(bytes) });
    let index = 40;
    for await (const piece of fetchBackup(url, 5_000)) {
      reader.write(piece);
      machine.apply(++index, encodePut({ key: `key-${index % 50}`, value: 'other' }));
    }
    restore.finish();
    expect(index).toBeGreaterThan(45);
    expect(reader.finish().header).toMatchObject({ node: 'n1', index: 40, term: 3, revision: 41, keys: 40 });
    expect(copy.hash()).toBe(hash);
    expect(machine.hash()).not.toBe(hash);
  });

  it('keeps no place for a reader that takes nothing, and refuses one too many', async () => {
    const { store } = bigStore();
    const { port, url } = await serve(store, { backupsMax: 1, stallMs: 300 });
    const stalled = stall(port);
    const cut = new Promise<void>((resolve) => {
      stalled.once('readable', () => resolve());
    });
    await cut;
    const read = async (): Promise<number> => {
      let bytes = 0;
      for await (const piece of fetchBackup(url, 2_000)) bytes += piece.length;
      return bytes;
    };
    await expect(read()).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS', retryable: true });
    await expect
      .poll(async () => await read().catch(() => 0), { timeout: 5_000 })
      .toBeGreaterThan(20_000_000);
    stalled.destroy();
  });

  it('comes through a gateway from a node that can give one', async () => {
    const { store } = bigStore();
    const sound = await serve(store);
    const refusing = new HttpServer([
      {
        method: 'GET',
        path: '/v1/backup',
        handler: () => {
          throw new RestError({ code: 'STARTING', message: 'not yet', retryable: true });
        },
      },
    ]);
    servers.push(refusing);
    const refusingUrl = `http://127.0.0.1:${await refusing.listen('127.0.0.1', 0)}`;
    const addresses = [
      { id: 'n1', url: refusingUrl },
      { id: 'n2', url: sound.url },
    ];
    const directory = new NodeDirectory(addresses);
    for (const node of directory.nodes()) node.healthy = true;
    const gateway = new HttpServer([
      {
        method: 'GET',
        path: '/v1/backup',
        handler: (request, outgoing) => forwardBackup(directory, request, outgoing),
      },
    ]);
    servers.push(gateway);
    const url = `http://127.0.0.1:${await gateway.listen('127.0.0.1', 0)}`;
    const reader = new BackupReader();
    for await (const piece of fetchBackup(url, 5_000)) reader.write(piece);
    expect(reader.finish().header.keys).toBe(40);
    for (const node of directory.nodes()) node.healthy = node.id === 'n1';
    const client = new NodeClient(url);
    const refused = await client.send({ method: 'GET', target: '/v1/backup', timeoutMs: 5_000 });
    client.close();
    expect(refused.status).toBe(503);
    expect(refused.body.toString()).toContain('not yet');
    directory.close();
  });
});
