/** One of the two processes of a measurement of transports. Prints its port, or its figures as JSON. */

import { listenForBeats, measureBeats } from './transport-beats.js';
import { LoadClient, listenForLoad, wireKinds } from './transport-load.js';

const [role = '', name = '', port = '0', durationMs = '1000'] = process.argv.slice(2);
const kind = wireKinds[name];

async function answer(): Promise<unknown> {
  if (role === 'beats-listen') return listenForBeats();
  if (role === 'beats') return measureBeats(Number(port));
  if (kind === undefined) throw new Error(`there is no transport ${name}`);
  if (role === 'listen') return listenForLoad(kind);
  const client = await LoadClient.dial(kind, Number(port));
  if (role === 'large') return client.flood(Number(durationMs), 64 * 1024, 16);
  await client.flood(Number(durationMs) / 4, 100, 512);
  if (role === 'flood') return client.flood(Number(durationMs), 100, 512);
  const flood = await client.flood(Number(durationMs), 100, 512);
  const single = await client.flood(Number(durationMs), 100, 1);
  const alone = await client.echo(Number(durationMs) / 2, 100, 1);
  const loaded = await client.echo(Number(durationMs), 100, 256);
  return { flood, single, alone, loaded };
}

process.stdout.write(`${JSON.stringify(await answer())}\n`, () => {
  if (!role.endsWith('listen')) process.exit(0);
});
