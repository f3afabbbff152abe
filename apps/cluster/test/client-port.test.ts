import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterProcess, readJson } from './cluster-process.js';
import { memoryBytes, noise, sendRaw } from './raw-bytes.js';

let cluster: ClusterProcess;
/** A node and the gateway: the same must hold at both doors. */
let doors: readonly { readonly name: string; readonly url: string; readonly pid: number }[];

beforeAll(async () => {
  cluster = await ClusterProcess.start({ nodes: 1, allowFaults: false });
  const { url, process } = await cluster.node('n1');
  doors = [
    { name: 'node', url, pid: process?.pid ?? 0 },
    { name: 'gateway', url: cluster.gatewayUrl, pid: cluster.up.child.pid ?? 0 },
  ];
});

afterAll(async () => {
  await cluster.stop();
});

async function refusal(url: string, init?: RequestInit): Promise<readonly [number, string, string]> {
  const answer = await fetch(url, init);
  const { error } = JSON.parse(await answer.text());
  expect(error.message).toMatch(/\w+ \w+/);
  return [answer.status, error.code, error.effect];
}

describe('the client port', () => {
  it('survives random bytes, and answers them as an error or not at all', async () => {
    for (const { url } of doors) {
      for (let seed = 0; seed < 30; seed++) {
        const answer = await sendRaw(url, noise(seed, 1 + seed * 500));
        expect(answer === '' || answer.startsWith('HTTP/1.1 400 ')).toBe(true);
      }
      expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    }
  });

  it('survives requests that end anywhere', async () => {
    const whole = Buffer.from('PUT /v1/kv/cut HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n0123456789');
    for (const { url } of doors) {
      const { port } = new URL(url);
      for (let length = 1; length < whole.length; length += 3) {
        await new Promise<void>((resolve) => {
          const socket = net.connect(Number(port), '127.0.0.1', () => socket.end(whole.subarray(0, length)));
          socket.on('close', () => resolve()).on('error', () => {});
          socket.resume();
        });
      }
      expect((await fetch(`${url}/v1/kv/cut`)).status).toBe(404);
    }
  });

  it('tells mistakes with a code, a sentence and the word that nothing happened', async () => {
    for (const { url } of doors) {
      const post = (body: string): RequestInit => ({ method: 'POST', body });
      expect(await refusal(`${url}/v1/nothing`)).toEqual([404, 'ROUTE_NOT_FOUND', 'none']);
      expect(await refusal(`${url}/v1/kv/a`, { method: 'PATCH' })).toEqual([
        405,
        'METHOD_NOT_ALLOWED',
        'none',
      ]);
      expect(await refusal(`${url}/v1/kv/`)).toEqual([400, 'INVALID_ARGUMENT', 'none']);
      expect(await refusal(`${url}/v1/kv/%GG`)).toEqual([400, 'INVALID_ARGUMENT', 'none']);
      expect(await refusal(`${url}/v1/kv/missing`)).toEqual([404, 'KEY_NOT_FOUND', 'none']);
      expect(await refusal(`${url}/v1/kv/a?consistency=perfect`)).toEqual([400, 'INVALID_ARGUMENT', 'none']);
      expect(await refusal(`${url}/v1/kv?limit=-1`)).toEqual([400, 'INVALID_ARGUMENT', 'none']);
      expect(await refusal(`${url}/v1/kv/a/compare-and-set`, post('{oops'))).toEqual([
        400,
        'MALFORMED_JSON',
        'none',
      ]);
      expect(await refusal(`${url}/v1/kv/a/compare-and-set`, post('[]'))).toEqual([
        400,
        'INVALID_ARGUMENT',
        'none',
      ]);
      expect(await refusal(`${url}/v1/kv/a/compare-and-set`, post('{"value":"b"}'))).toEqual([
        400,
        'INVALID_ARGUMENT',
        'none',
      ]);
      expect(
        await refusal(
          `${url}/v1/kv/a/compare-and-set`,
          post('{"value":"b","absent":true,"expectedValue":"c"}'),
        ),
      ).toEqual([400, 'INVALID_ARGUMENT', 'none']);
      expect(await refusal(`${url}/v1/kv/${'k'.repeat(5_000)}`, { method: 'PUT', body: 'v' })).toEqual([
        413,
        'KEY_TOO_LARGE',
        'none',
      ]);
      expect(
        await refusal(`${url}/v1/kv/a`, { method: 'PUT', body: 'v', headers: { 'synod-session': '1' } }),
      ).toEqual([400, 'INVALID_ARGUMENT', 'none']);
      expect(await refusal(`${url}/v1/kv/a`, { headers: { 'synod-timeout-ms': 'soon' } })).toEqual([
        400,
        'INVALID_ARGUMENT',
        'none',
      ]);
    }
  });

  it('refuses a body of 100 MB without holding it in memory', async () => {
    for (const { url, pid } of doors) {
      const before = memoryBytes(pid);
      let highest = before;
      const watch = setInterval(() => (highest = Math.max(highest, memoryBytes(pid))), 50);
      const chunk = new Uint8Array(1024 * 1024);
      const streams = Array.from({ length: 4 }, async () => {
        let left = 100;
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
        });
        return await refusal(`${url}/v1/kv/large`, { method: 'PUT', body, duplex: 'half' });
      });
      for (const refused of await Promise.all(streams))
        expect(refused).toEqual([413, 'BODY_TOO_LARGE', 'none']);
      clearInterval(watch);
      expect(highest - before).toBeLessThan(64 * 1024 * 1024);
      expect((await fetch(`${url}/v1/kv/large`)).status).toBe(404);
    }
  });

  it('takes a value of 1 MiB and refuses one byte more', async () => {
    for (const { url } of doors) {
      const value = noise(1, 1024 * 1024);
      expect((await fetch(`${url}/v1/kv/big`, { method: 'PUT', body: value })).status).toBe(200);
      const read = await fetch(`${url}/v1/kv/big`, { headers: { accept: 'application/octet-stream' } });
      expect(Buffer.from(await read.arrayBuffer()).equals(value)).toBe(true);
      const larger = { method: 'PUT', body: Buffer.concat([value, Buffer.of(0)]) };
      expect(await refusal(`${url}/v1/kv/big`, larger)).toEqual([413, 'VALUE_TOO_LARGE', 'none']);
    }
  });

  it('keys and values are bytes, and come back as they went in', async () => {
    for (const { url } of doors) {
      for (const segment of [
        '%FF',
        '%00',
        '%FF%FE%00',
        'a%2Fb',
        'a/b',
        '%25',
        'gr%C3%BCn',
        'a%20b',
        '%2B+',
        '...',
      ]) {
        const key = `${url}/v1/kv/${segment}`;
        const value = noise(segment.length, 300);
        expect((await fetch(key, { method: 'PUT', body: value })).status).toBe(200);
        const read = await readJson<{ valueBase64: string; keyBase64: string }>(await fetch(key));
        expect(Buffer.from(read.valueBase64, 'base64').equals(value)).toBe(true);
        const bytes = Buffer.from(
          segment.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
          'latin1',
        );
        expect(Buffer.from(read.keyBase64, 'base64').equals(bytes)).toBe(true);
        expect((await fetch(key, { method: 'DELETE' })).status).toBe(200);
        expect((await fetch(key)).status).toBe(404);
      }
    }
  });

  it('tells revisions in headers when the value is asked for as bytes', async () => {
    const [node] = doors;
    const written = await fetch(`${node?.url}/v1/kv/headers`, { method: 'PUT', body: 'x' });
    const put = await readJson<{ revision: number }>(written);
    const read = await fetch(`${node?.url}/v1/kv/headers`, {
      headers: { accept: 'application/octet-stream' },
    });
    expect(read.headers.get('synod-mod-revision')).toBe(String(put.revision));
    expect(read.headers.get('synod-version')).toBe('1');
    expect(await read.text()).toBe('x');
  });
});
