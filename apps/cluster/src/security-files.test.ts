import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createAuthority, issueCertificate } from '@synod/transport-ws/certificates';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renewalMs, TlsRenewal } from './security-files.js';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-files-'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  fs.rmSync(folder, { recursive: true });
});

describe('files of a certificate', () => {
  it('are taken when they changed; what cannot be used is told and tried again until it can', () => {
    const authority = createAuthority({ name: 'test', days: 1 });
    const files = { cert: path.join(folder, 'a.pem'), key: path.join(folder, 'a.key') };
    const write = (pair: { cert: string; key: string }): void => {
      fs.writeFileSync(files.cert, pair.cert);
      fs.writeFileSync(files.key, pair.key);
    };
    const issue = () => issueCertificate(authority, { dnsNames: ['a'], days: 1 });
    write(issue());
    const taken: string[] = [];
    const refused: string[] = [];
    let fits = true;
    const take = ({ cert }: { cert: Buffer }): void => {
      if (!fits) throw new Error('the key does not fit');
      taken.push(cert.toString());
    };
    const renewal = new TlsRenewal(files, '--', take, (reason) => refused.push(reason));
    vi.advanceTimersByTime(3 * renewalMs);
    expect([taken, refused]).toEqual([[], []]);
    const next = issue();
    write({ ...next, cert: `${next.cert}\n` });
    fits = false;
    vi.advanceTimersByTime(2 * renewalMs);
    expect([taken, refused]).toEqual([[], ['the key does not fit', 'the key does not fit']]);
    fits = true;
    vi.advanceTimersByTime(2 * renewalMs);
    expect(taken).toEqual([`${next.cert}\n`]);
    fs.rmSync(files.key);
    vi.advanceTimersByTime(renewalMs);
    expect(refused.at(-1)).toContain('--key cannot be read');
    renewal.close();
    vi.advanceTimersByTime(5 * renewalMs);
    expect(refused).toHaveLength(3);
  });
});
