/** `synod put`, `synod get` and `synod del`: the client's side of the store. */

import { parseInteger } from '@synod/core';
import type { Command } from 'commander';
import { parseUrl } from '../addresses.js';
import { RestClient } from '../rest-client.js';
import { type ClientSecurityFlags, readClientSecurity } from '../security-options.js';
import { paintFor, say } from '../terminal.js';

import { addClientSecurityFlags } from './security-flags.js';

/** Options of every command that talks to a cluster, as the command line has them. */
export interface EndpointFlags extends ClientSecurityFlags {
  /** `--endpoint`. */
  readonly endpoint: string;
  /** `--timeout-ms`. */
  readonly timeoutMs: string;
}

interface GetFlags extends EndpointFlags {
  readonly stale?: boolean;
  readonly json?: boolean;
}

/**
 * Adds the options of every command that talks to a cluster.
 *
 * @param command - Where to.
 * @returns The same command.
 */
export function addEndpointFlags(command: Command): Command {
  const endpoint = process.env.SYNOD_ENDPOINT ?? 'http://127.0.0.1:8700';
  return addClientSecurityFlags(
    command
      .option('--endpoint <url>', 'gateway or node to talk to (environment: SYNOD_ENDPOINT)', endpoint)
      .option('--timeout-ms <ms>', 'time for one request', '5000'),
  );
}

/**
 * Runs something with a client, and closes it afterwards.
 *
 * @param flags - The command line.
 * @param use - What to do.
 */
export async function withClient<Value>(
  flags: EndpointFlags,
  use: (client: RestClient) => Promise<Value>,
): Promise<Value> {
  const timeoutMs = parseInteger(Number(flags.timeoutMs), '--timeout-ms', 1, 60_000);
  const client = new RestClient(
    parseUrl(flags.endpoint, '--endpoint', 'http', 'https'),
    timeoutMs,
    readClientSecurity(flags),
  );
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/**
 * Adds the three commands.
 *
 * @param program - Where to.
 */
export function addKeyCommands(program: Command): void {
  addEndpointFlags(
    program.command('put <key> <value>').description('set a key; - as the value reads it from the input'),
  )
    .addHelpText('after', '\nExample:\n  $ synod put color green\n  $ synod put photo - < photo.jpg')
    .action(put);
  addEndpointFlags(program.command('get <key>').description('print the value of a key'))
    .option('--stale', 'read what the node has, without asking the others')
    .option('--json', 'print the whole answer as JSON')
    .addHelpText('after', '\nExample:\n  $ synod get color\n\nExit code 3: there is no such key.')
    .action(get);
  addEndpointFlags(program.command('del <key>').description('delete a key'))
    .addHelpText('after', '\nExample:\n  $ synod del color')
    .action(remove);
}

async function put(key: string, value: string, flags: EndpointFlags): Promise<void> {
  const bytes = value === '-' ? await readInput() : Buffer.from(value);
  const { document, node } = await withClient(flags, (client) => client.put(Buffer.from(key), bytes));
  say(`ok ${note(`revision ${document.revision}, committed by ${node}`)}`);
}

async function get(key: string, flags: GetFlags): Promise<void> {
  const consistency = flags.stale === true ? 'stale' : 'linearizable';
  const { document, node } = await withClient(flags, (client) => client.get(Buffer.from(key), consistency));
  if (flags.json === true) {
    say(JSON.stringify({ ...document, node }));
    return;
  }
  // The value exactly as it is, so that it can go into a file; a line end only where a person reads it.
  process.stdout.write(Buffer.from(document.valueBase64, 'base64'));
  if (process.stdout.isTTY)
    say(`\n${note(`revision ${document.modRevision}, ${consistency}, answered by ${node}`)}`);
}

async function remove(key: string, flags: EndpointFlags): Promise<void> {
  const { document, node } = await withClient(flags, (client) => client.delete(Buffer.from(key)));
  const what = document.deleted === 0 ? 'there was no such key' : 'deleted';
  say(`${what} ${note(`revision ${document.revision}, committed by ${node}`)}`);
}

function note(text: string): string {
  return paintFor(process.stdout).dim(`(${text})`);
}

async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
