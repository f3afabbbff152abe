/** The cluster that is attacked: three processes and a gateway, with a token between nodes and one for clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { createAuthority, issueCertificate } from '@synod/transport-ws/certificates';

/** What is read of a node's status. */
export interface VictimStatus {
  readonly id: string;
  readonly cluster: string;
  readonly pid: number;
  readonly addresses: { readonly peer: string; readonly client: string };
  readonly engine?: { readonly role: string; readonly term: number; readonly commitIndex: number };
  readonly clients: { readonly refusals: Readonly<Record<string, number>> };
  readonly transport?: { readonly refusals: Readonly<Record<string, number>> };
}

const clientToken = 'the-token-of-the-clients';
const clientHeaders = { authorization: `Bearer ${clientToken}` };

/** A cluster that runs. */
export class Victim {
  readonly #up: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #folder: string;
  readonly #gatewayUrl: string;
  readonly #nodeUrls: readonly string[];

  private constructor(up: ChildProcess, folder: string, gatewayUrl: string, nodeUrls: readonly string[]) {
    this.#up = up;
    this.#ended = new Promise((resolve) => up.once('close', () => resolve()));
    this.#folder = folder;
    this.#gatewayUrl = gatewayUrl;
    this.#nodeUrls = nodeUrls;
  }

  /**
   * Starts one.
   *
   * @param sealed - Whether nodes talk over TLS.
   */
  static async start(sealed: boolean): Promise<Victim> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-attacks-'));
    const args = ['up', '--nodes', '3', '--port', '0', '--data', path.join(folder, 'data')];
    const tokens = [
      '--token-file',
      write(folder, 'clients', clientToken),
      '--peer-token-file',
      write(folder, 'peers', 'the-token-of-the-cluster'),
    ];
    const up = spawn(
      process.execPath,
      [program(), ...args, ...tokens, ...(sealed ? certificates(folder) : [])],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NO_COLOR: '1' },
      },
    );
    const printed = await printedBy(up);
    const [, gatewayUrl = ''] = /gateway\s+(http:\/\/\S+)/.exec(printed) ?? [];
    const nodeUrls = [...printed.matchAll(/node n\d\s+(http:\/\/\S+)/g)].map(([, url = '']) => url);
    return new Victim(up, folder, gatewayUrl, nodeUrls);
  }

  /** Where its gateway is. */
  get gatewayUrl(): string {
    return this.#gatewayUrl;
  }

  /** What all nodes say of themselves. */
  async statuses(): Promise<readonly VictimStatus[]> {
    const ask = async (url: string): Promise<VictimStatus> =>
      JSON.parse(await (await fetch(`${url}/v1/status`, { headers: clientHeaders })).text());
    return await Promise.all(this.#nodeUrls.map(ask));
  }

  /** Writes a key and tells whether it was acknowledged. */
  async write(value: string): Promise<boolean> {
    const url = `${this.#gatewayUrl}/v1/kv/steady`;
    const headers = { ...clientHeaders, 'synod-timeout-ms': '5000' };
    return await fetch(url, { method: 'PUT', body: value, headers }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    this.#up.kill('SIGTERM');
    await this.#ended;
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

function program(): string {
  const manifest = createRequire(import.meta.url).resolve('@synod/cluster/package.json');
  return path.join(path.dirname(manifest), 'dist', 'main.js');
}

function write(folder: string, name: string, text: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return file;
}

function certificates(folder: string): string[] {
  const authority = createAuthority({ name: 'attacked', days: 1 });
  for (const id of ['n1', 'n2', 'n3', 'gateway']) {
    const { cert, key } = issueCertificate(authority, { dnsNames: [id], days: 1 });
    write(folder, `${id}.pem`, cert);
    write(folder, `${id}.key`, key);
  }
  const of = (name: string): string => path.join(folder, name);
  const ca = write(folder, 'ca.pem', authority.cert);
  return ['--peer-cert', of('{id}.pem'), '--peer-key', of('{id}.key'), '--peer-ca', ca];
}

async function printedBy(up: ChildProcess): Promise<string> {
  return await new Promise((resolve, reject) => {
    let printed = '';
    up.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (/Ctrl-C stops/.test(printed)) resolve(printed);
    });
    up.once('close', () => reject(new Error(`the cluster did not start: ${printed}`)));
  });
}
