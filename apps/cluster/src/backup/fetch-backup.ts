/** The client's side of a live backup: asks for one, and hands its bytes on as they come. */
import { once } from 'node:events';
import type * as http from 'node:http';
import { NodeClient, NodeUnreachableError } from '../node-client.js';
import { RestError, readErrorDocument } from '../rest-errors.js';
import type { ClientSecurity } from '../security-options.js';

/** An answer that brings nothing for so long counts as lost. */
const stallMs = 40_000;

const errorBytesMax = 65_536;

/**
 * Asks a gateway or a node for a backup.
 *
 * @param endpoint - Base address.
 * @param timeoutMs - Time until it begins.
 * @param security - What to trust and show.
 * @returns The backup's bytes. They may end early; the reader of a backup finds that out.
 * @throws {@link RestError} when it is refused, {@link NodeUnreachableError} when nobody answers or the answer stops.
 */
export async function* fetchBackup(
  endpoint: string,
  timeoutMs: number,
  security: ClientSecurity = {},
): AsyncGenerator<Uint8Array> {
  const client = new NodeClient(endpoint, undefined, security);
  try {
    const incoming = await openBackup(client, '/v1/backup', timeoutMs);
    if (incoming.statusCode !== 200) throw await refusalOf(incoming, endpoint);
    incoming.setTimeout(stallMs, () => incoming.destroy(new Error(`nothing came for ${stallMs} ms`)));
    try {
      for await (const piece of incoming) if (piece instanceof Uint8Array) yield piece;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new NodeUnreachableError(endpoint, false, `the backup stopped in the middle (${reason})`, error);
    }
  } finally {
    client.close();
  }
}

/**
 * Sends the request for a backup, and waits until the answer begins.
 *
 * @param client - Whom to ask.
 * @param target - Raw path and query.
 * @param timeoutMs - Time until it begins.
 * @throws {@link NodeUnreachableError} when it does not begin. A backup changes nothing, so the effect is `none`.
 */
export async function openBackup(
  client: NodeClient,
  target: string,
  timeoutMs: number,
): Promise<http.IncomingMessage> {
  const headers = { 'synod-timeout-ms': String(Math.max(1, Math.round(timeoutMs))) };
  const outgoing = client.open({ method: 'GET', target, headers });
  const timer = setTimeout(
    () => outgoing.destroy(new Error(`nothing came within ${timeoutMs} ms`)),
    timeoutMs + 1_000,
  );
  try {
    outgoing.end();
    const [incoming]: http.IncomingMessage[] = await once(outgoing, 'response');
    if (incoming === undefined) throw new Error('there was no answer');
    return incoming;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NodeUnreachableError(client.url, false, reason, error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The error that an answer tells.
 *
 * @param incoming - An answer that is no backup.
 * @param url - Who gave it.
 */
export async function refusalOf(incoming: http.IncomingMessage, url: string): Promise<RestError> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    if (!(chunk instanceof Uint8Array) || length > errorBytesMax) break;
    chunks.push(chunk);
    length += chunk.length;
  }
  const status = incoming.statusCode ?? 500;
  const message = `${url} answered ${status} in a form that is not Synod's: check --endpoint`;
  return (
    readErrorDocument(status, Buffer.concat(chunks).toString('utf8')) ??
    new RestError({ code: 'MALFORMED_ANSWER', message })
  );
}
