/** A cluster whose every port is sealed and guarded, as an operator sets it up: by the command line alone. */
import * as fs from 'node:fs';
import * as https from 'node:https';
import * as path from 'node:path';
import { connect as connectTls, type DetailedPeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeStatusDocument } from '../src/rest-documents.js';
import { Program, runSynod, temporaryDirectory, waitFor } from './cluster-process.js';

const token = 'the-token-of-the-clients';
let folder: string;
let up: Program;
let gatewayUrl: string;
let nodeUrl: string;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await temporaryDirectory('security');
  const made = await runSynod(['certificates', '--dir', folder, '--days', '2']);
  expect(made.stderr).toBe('');
  fs.writeFileSync(file('clients.token'), `${token}\n`);
  fs.writeFileSync(file('peers.token'), 'the-token-of-the-cluster\n');
  const own = ['--cert', file('{id}.pem'), '--key', file('{id}.key'), '--token-file', file('clients.token')];
  const between = [
    '--peer-cert',
    file('{id}.pem'),
    '--peer-key',
    file('{id}.key'),
    '--peer-ca',
    file('ca.pem'),
  ];
  const rest = ['--cacert', file('ca.pem'), '--peer-token-file', file('peers.token')];
  up = new Program(['up', '--port', '0', '--data', file('data'), ...own, ...between, ...rest]);
  [, gatewayUrl = ''] = await up.printed(/gateway\s+(https:\/\/\S+)/);
  [, nodeUrl = ''] = await up.printed(/node n1\s+(https:\/\/\S+)/);
});

afterAll(async () => {
  up.child.kill('SIGTERM');
  await up.ended;
  fs.rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

function get(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ca = fs.readFileSync(file('ca.pem'));
    const request = https.request(url, { ca, headers, method, agent: false }, (incoming) => {
      let body = '';
      incoming.on('data', (chunk) => (body += chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body, headers: incoming.headers }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

const bearer = { authorization: `Bearer ${token}` };

async function status(): Promise<NodeStatusDocument> {
  return JSON.parse((await get(`${nodeUrl}/v1/status`, bearer)).body);
}

describe('a cluster with certificates and tokens', () => {
  it('is used by the commands, given an authority and a token', async () => {
    const flags = [
      '--endpoint',
      gatewayUrl,
      '--cacert',
      file('ca.pem'),
      '--token-file',
      file('clients.token'),
    ];
    expect(await runSynod(['put', 'color', 'green', ...flags])).toMatchObject({ code: 0 });
    expect(await runSynod(['get', 'color', ...flags])).toMatchObject({ code: 0, stdout: 'green' });
    const shown = await runSynod(['status', ...flags]);
    expect(shown.stdout).toContain('leader');
    expect((await status()).addresses.peer).toMatch(/^wss:/);
  });

  it('answers nobody else, says why, and counts it', async () => {
    const strange = await runSynod([
      'get',
      'color',
      '--endpoint',
      gatewayUrl,
      '--token-file',
      file('clients.token'),
    ]);
    expect(strange.code).not.toBe(0);
    expect(strange.stderr).toContain('certificate');
    const tokenless = await runSynod(['get', 'color', '--endpoint', gatewayUrl, '--cacert', file('ca.pem')]);
    expect(tokenless.stderr).toContain('UNAUTHORIZED');
    for (const url of [gatewayUrl, nodeUrl]) {
      for (const authorization of [
        undefined,
        'Bearer wrong',
        `Basic ${btoa('me:wrong')}`,
        `Bearer ${token}x`,
      ]) {
        const answer = await get(`${url}/v1/kv/color`, authorization === undefined ? {} : { authorization });
        expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([401, 'UNAUTHORIZED']);
        expect(answer.headers['www-authenticate']).toContain('Basic');
      }
      expect((await get(`${url}/v1/kv/color`, bearer)).status).toBe(200);
      expect(
        (await get(`${url}/v1/kv/color`, { authorization: `Basic ${btoa(`me:${token}`)}` })).status,
      ).toBe(200);
      expect((await get(`${url}/v1/health`)).status).toBe(200);
      const text = (await get(`${url}/metrics`, bearer)).body;
      expect(text).toMatch(/^synod_client_refusals_total\{reason="UNAUTHORIZED"\} [45]$/m);
      expect((await get(`${url}/metrics`)).status).toBe(401);
    }
    expect((await status()).clients.refusals.UNAUTHORIZED).toBeGreaterThanOrEqual(4);
  });

  it('takes no change from a page of elsewhere, though the browser sends the token along', async () => {
    const headers = { authorization: `Basic ${btoa(`me:${token}`)}`, origin: 'https://evil.example' };
    for (const url of [gatewayUrl, nodeUrl])
      expect((await get(`${url}/v1/kv/color`, headers, 'DELETE')).status).toBe(403);
  });

  it('shows renewed certificates without a restart, at the port of clients and between nodes', async () => {
    const peerUrl = (await status()).addresses.peer;
    const serialNumbers = (): Promise<string[]> =>
      Promise.all([nodeUrl, gatewayUrl, peerUrl].map(serialNumber));
    const before = await serialNumbers();
    await runSynod(['certificates', '--dir', folder, '--days', '1', '--nodes', 'n1,gateway']);
    await waitFor('renewed certificates', async () => {
      const now = await serialNumbers();
      return now.every((serial, at) => serial !== before[at]) || undefined;
    });
    expect((await get(`${gatewayUrl}/v1/kv/color`, bearer)).status).toBe(200);
  });
});

async function serialNumber(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const [cert, key] = [fs.readFileSync(file('client.pem')), fs.readFileSync(file('client.key'))];
  const socket = connectTls({ host: hostname, port: Number(port), cert, key, rejectUnauthorized: false });
  return await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const certificate: DetailedPeerCertificate = socket.getPeerCertificate(true);
      resolve(certificate.serialNumber);
      socket.destroy();
    });
  });
}
