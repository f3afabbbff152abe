/** The dashboard's files, read into memory once: they are few and small, and no path from a request touches the disk. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { HttpAnswer } from './http-server.js';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const missingPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Synod gateway</title>
<h1>Synod gateway</h1><p>This build has no dashboard. The REST interface is here:
<a href="/v1/cluster">/v1/cluster</a>, <code>/v1/kv/{key}</code>, <code>/v1/cluster/events</code>.</p></html>`;

/** Answers by path, such as `/index.html`. */
export type DashboardFiles = ReadonlyMap<string, HttpAnswer>;

/**
 * Reads all files of a folder.
 *
 * @param folder - Where the dashboard was built to. When it does not exist, a page that says so is served.
 */
export async function readDashboard(folder: string): Promise<DashboardFiles> {
  const files = new Map<string, HttpAnswer>();
  for (const name of await namesUnder(folder)) {
    const body = await fs.readFile(path.join(folder, name));
    files.set(
      `/${name.split(path.sep).join('/')}`,
      page(body, contentTypes[path.extname(name)], isHashed(name)),
    );
  }
  files.set('/', files.get('/index.html') ?? page(Buffer.from(missingPage), contentTypes['.html'], false));
  return files;
}

async function namesUnder(folder: string): Promise<readonly string[]> {
  try {
    const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  } catch {
    return [];
  }
}

/** Names with a hash of the contents never mean other contents later. */
function isHashed(name: string): boolean {
  return /-[A-Za-z0-9_-]{8,}\.\w+$/.test(name);
}

function page(body: Buffer, type: string | undefined, forever: boolean): HttpAnswer {
  const caching = forever ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = {
    ...securityHeaders,
    'content-type': type ?? 'application/octet-stream',
    'cache-control': caching,
  };
  return { status: 200, headers, body };
}
