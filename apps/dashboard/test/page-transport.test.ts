// The transport of pages in a real Chromium, as it is built, without a bundler: messages, calls and streams with a node.
import * as fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@synod/core';
import { createWebSocketTransport, type WebSocketTransport } from '@synod/transport-ws';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.js';

const packages = fileURLToPath(new URL('../../../packages', import.meta.url));
const importMap = {
  imports: {
    '@synod/core': '/core/dist/index.js',
    '@synod/integrity': '/integrity/dist/index.js',
    '@synod/transport-ws/browser': '/transport-ws/dist/browser.js',
  },
};
const pageHtml = `<!doctype html><meta charset="utf-8"><title>page</title>
<script type="importmap">${JSON.stringify(importMap)}</script>`;

let browser: Browser;
let site: Server;
let origin: string;
let node: WebSocketTransport;
let requested: string[];
const payloads: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  requested = [];
  site = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    requested.push(pathname);
    if (!pathname.endsWith('.js')) {
      response.setHeader('Content-Type', 'text/html');
      response.end(pageHtml);
      return;
    }
    response.setHeader('Content-Type', 'text/javascript');
    response.end(fs.readFileSync(path.join(packages, path.normalize(pathname))));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  node = createWebSocketTransport({
    clusterId: 'page',
    id: 'n1',
    listen: { port: 0, origins: [origin] },
    peers: [],
    clients: ['a-page'],
    random: new Random(1),
    heartbeatMs: 100,
  });
  node.handle('reverse', ({ payload }) => payload.reverse());
  node.handleStream('count', async (stream) => {
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.length;
    await stream.write(new TextEncoder().encode(`${bytes} bytes`));
    await stream.write(new Uint8Array(300_000));
  });
  const handler = {
    admit: () => Promise.resolve(undefined),
    onPeerUp() {},
    onPeerDown() {},
    onRefused() {},
    onPayload: (from: string, group: number, payload: Uint8Array) => {
      const text = new TextDecoder().decode(payload);
      payloads.push(`${from} ${group} ${text}`);
      node.send(from, group, new TextEncoder().encode(`heard ${text}`));
    },
  };
  await node.start(handler, '1'.repeat(32));
});

afterAll(async () => {
  await browser?.close();
  await node?.close();
  site?.close();
});

/** Opens the page and connects its transport, which it then keeps as `transport`, with what it heard in `heard`. */
async function openPage(site: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(site);
  await page.addScriptTag({
    type: 'module',
    content: `
      import { createBrowserTransport } from '@synod/transport-ws/browser';
      globalThis.heard = [];
      globalThis.transport = createBrowserTransport({
        clusterId: 'page', id: 'a-page', peers: [{ id: 'n1', address: '${node.address?.url}' }], heartbeatMs: 100,
        reconnect: { baseMs: 10, capMs: 100 },
      });
      await transport.start({
        admit: async () => undefined,
        onPeerUp: (peer) => heard.push('up ' + peer),
        onPeerDown: (peer, reason) => heard.push('down ' + peer),
        onRefused() {},
        onPayload: (from, group, payload) => heard.push(from + ' ' + group + ' ' + new TextDecoder().decode(payload)),
      }, crypto.randomUUID().replaceAll('-', ''));`,
  });
  return page;
}

function heard(page: Page): Promise<string[]> {
  return page.evaluate('heard');
}

async function untilHeard(page: Page, text: string): Promise<void> {
  await page.waitForFunction(`globalThis.heard?.includes(${JSON.stringify(text)})`);
}

describe('a page', () => {
  it('sends and receives messages, makes and answers calls, and streams, without anything of Node', async () => {
    const page = await openPage(origin);
    await untilHeard(page, 'up n1');
    await page.evaluate(`transport.send('n1', 7, new TextEncoder().encode('hello'))`);
    await untilHeard(page, 'n1 7 heard hello');
    expect(payloads).toEqual(['a-page 7 hello']);

    const reversed = await page.evaluate(
      `transport.call('n1', 'reverse', Uint8Array.of(1, 2, 3)).then((bytes) => [...bytes])`,
    );
    expect(reversed).toEqual([3, 2, 1]);
    const refused = await page.evaluate(
      `transport.call('n1', 'missing', new Uint8Array()).catch(({ code, effect }) => code + ' ' + effect)`,
    );
    expect(refused).toBe('NO_SUCH_METHOD none');
    await page.evaluate(`void transport.handle('title', () => new TextEncoder().encode(document.title))`);
    expect(new TextDecoder().decode(await node.call('a-page', 'title', new Uint8Array()))).toBe('page');

    const answer = await page.evaluate(`(async () => {
      const stream = await transport.openStream('n1', 'count');
      for (let part = 0; part < 30; part++) await stream.write(new Uint8Array(100_000));
      await stream.finish();
      let text = '', rest = 0;
      for await (const chunk of stream) if (text === '') text = new TextDecoder().decode(chunk); else rest += chunk.length;
      await stream.closed;
      return text + ' ' + rest;
    })()`);
    expect(answer).toBe('3000000 bytes 300000');
    expect(requested.filter((each) => /node:|\/ws\//.test(each))).toEqual([]);
    await page.context().close();
  });

  it('stays connected while nothing is said, also when the peers change, and is gone once it closes', async () => {
    const page = await openPage(origin);
    await untilHeard(page, 'up n1');
    await page.waitForTimeout(800);
    expect(await heard(page)).toEqual(['up n1']);
    expect(node.connected()).toEqual(['a-page']);
    node.updatePeers([]);
    expect(node.connected()).toEqual(['a-page']);
    await page.evaluate('transport.close()');
    await expect.poll(() => node.connected()).toEqual([]);
    await page.context().close();
  });

  it('of another origin is turned away', async () => {
    const before = requested.length;
    const page = await openPage(origin.replace('127.0.0.1', 'localhost'));
    await page.waitForTimeout(500);
    expect(requested.length).toBeGreaterThan(before);
    expect(await heard(page)).toEqual([]);
    expect(node.connected()).toEqual([]);
    await page.context().close();
  });

  it('loads what imports neither Node nor ws', () => {
    const file = path.join(packages, 'transport-ws/dist/browser.js');
    const seen = new Set<string>();
    const foreign: string[] = [];
    const visit = (module: string): void => {
      if (seen.has(module)) return;
      seen.add(module);
      for (const [, name = ''] of fs
        .readFileSync(module, 'utf8')
        .matchAll(/^(?:import|export)[^'"]*['"]([^'"]+)['"]/gm)) {
        if (name.startsWith('.')) visit(path.join(path.dirname(module), name));
        else foreign.push(name);
      }
    };
    visit(file);
    expect([...new Set(foreign)].sort()).toEqual(['@synod/core', '@synod/integrity']);
  });
});
