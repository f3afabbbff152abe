import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { InvalidArgumentError } from '@synod/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClientPortFlags,
  type PeerSecurityFlags,
  readClientPortSecurity,
  readClientSecurity,
  readPeerSecurity,
} from './security-options.js';

let folder: string;
const file = (name: string): string => path.join(folder, name);
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-options-'));
  for (const name of ['cert', 'key', 'ca']) fs.writeFileSync(file(name), `the ${name}`);
  fs.writeFileSync(file('tokens'), '\n0123456789abcdef\n  fedcba9876543210  \n\n');
  fs.writeFileSync(file('short'), 'short');
  fs.writeFileSync(file('spaced'), 'sixteen bytes and more');
  fs.writeFileSync(file('empty'), '');
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('the options of certificates and tokens', () => {
  it('are read with their files', () => {
    const tokens = ['0123456789abcdef', 'fedcba9876543210'];
    const peer = {
      peerCert: file('cert'),
      peerKey: file('key'),
      peerCa: file('ca'),
      peerTokenFile: file('tokens'),
    };
    expect(readPeerSecurity({})).toEqual({});
    expect(readPeerSecurity(peer)).toMatchObject({
      tokens,
      tls: { material: { ca: Buffer.from('the ca') } },
    });
    const port = { cert: file('cert'), key: file('key'), clientCa: file('ca'), tokenFile: file('tokens') };
    expect(readClientPortSecurity({})).toEqual({});
    expect(readClientPortSecurity(port)).toMatchObject({
      tokens,
      tls: { files: { ca: file('ca') }, material: { key: Buffer.from('the key') } },
    });
    expect(readClientSecurity({ cacert: file('ca'), tokenFile: file('tokens') })).toEqual({
      ca: Buffer.from('the ca'),
      token: '0123456789abcdef',
    });
  });

  it('are refused where they do not belong together or cannot be read, and no message repeats a token', () => {
    const wrong: readonly (readonly [PeerSecurityFlags & ClientPortFlags, string])[] = [
      [{ peerCert: file('cert') }, '--peer-cert, --peer-key and --peer-ca belong together'],
      [
        { peerCert: file('cert'), peerKey: file('key') },
        '--peer-cert, --peer-key and --peer-ca belong together',
      ],
      [{ peerTokenFile: file('nowhere') }, '--peer-token-file cannot be read'],
      [{ peerTokenFile: file('short') }, '16 to 1024 printable characters'],
      [{ cert: file('cert') }, '--cert and --key belong together'],
      [{ clientCa: file('ca') }, '--client-ca needs --cert and --key'],
      [{ cert: file('cert'), key: file('empty') }, 'which is empty'],
      [{ tokenFile: file('spaced') }, 'without spaces'],
      [{ tokenFile: file('empty') }, 'which is empty'],
    ];
    for (const [flags, message] of wrong) {
      const read = (): unknown => [readPeerSecurity(flags), readClientPortSecurity(flags)];
      expect(read).toThrow(InvalidArgumentError);
      expect(read).toThrow(message);
      expect(read).not.toThrow('sixteen bytes');
    }
    expect(() => readClientSecurity({ key: file('key') })).toThrow('--cert and --key belong together');
  });
});
