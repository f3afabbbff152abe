// A cluster of three real nodes behind a real gateway, with faults allowed, in a temporary directory.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cluster/dist/main.js', import.meta.url));
const startTimeoutMs = 60_000;

/** A cluster that runs. */
export interface StartedCluster {
  /** Address of the gateway, which serves the page. */
  readonly url: string;
  /** Ends all its processes and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster and waits until it has a leader.
 *
 * @param more - More arguments for `synod up`.
 */
export async function startCluster(...more: readonly string[]): Promise<StartedCluster> {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-dashboard-'));
  const args = [program, 'up', '--nodes', '3', '--port', '0', '--allow-faults', '--data', data, ...more];
  const up = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let printed = '';
  const ended = new Promise<void>((resolve) => up.on('close', () => resolve()));
  const stop = async (): Promise<void> => {
    up.kill('SIGTERM');
    await ended;
    fs.rmSync(data, { recursive: true, force: true });
  };
  const url = await new Promise<string>((resolve, reject) => {
    const refuse = () => reject(new Error(`the cluster did not start:\n${printed}`));
    const timer = setTimeout(refuse, startTimeoutMs);
    const read = (text: string): void => {
      printed += text;
      const address = /gateway\s+(http:\/\/[\w.:]+)/.exec(printed)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(`${address}/`);
    };
    up.stdout.setEncoding('utf8').on('data', read);
    up.stderr.setEncoding('utf8').on('data', read);
    up.on('close', refuse);
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}
