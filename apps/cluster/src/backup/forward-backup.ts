/** How the gateway passes a backup on: from a healthy node to the client, piece by piece. */
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { HttpRequest } from '../http-request.js';
import type { HttpReply } from '../http-server.js';
import type { KnownNode, NodeDirectory } from '../node-directory.js';
import { readTimeoutMs } from '../request-timeout.js';
import { RestError } from '../rest-errors.js';
import { openBackup, refusalOf } from './fetch-backup.js';

const passedHeaders = ['content-type', 'cache-control', 'synod-node', 'synod-revision'];

/**
 * Answers a request for a backup. Followers are asked first, since the leader has the most to do; a node that cannot
 * give one now is passed over.
 *
 * @param directory - The nodes.
 * @param request - The request.
 * @param outgoing - Where to write.
 * @throws {@link RestError} `NO_HEALTHY_NODE`, or what the last node said, when none gave one.
 */
export async function forwardBackup(
  directory: NodeDirectory,
  request: HttpRequest,
  outgoing: ServerResponse,
): Promise<HttpReply> {
  const deadline = Date.now() + readTimeoutMs(request);
  let last: Error | undefined;
  for (const node of inOrder(directory)) {
    const remainingMs = deadline - Date.now();
    if (remainingMs <= 0) break;
    try {
      const incoming = await openBackup(node.client, request.target, remainingMs);
      if (incoming.statusCode !== 200) throw await refusalOf(incoming, node.client.url);
      const headers = passedHeaders.flatMap((name) => {
        const value = incoming.headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      });
      outgoing.writeHead(200, Object.fromEntries(headers));
      // When either side goes away the other is destroyed, and the client sees a backup without an end.
      await pipeline(incoming, outgoing).catch(() => undefined);
      return 'streamed';
    } catch (error) {
      last = error instanceof Error ? error : new Error(String(error));
    }
  }
  if (last instanceof RestError) throw last;
  const because = last === undefined ? 'no node is healthy' : last.message;
  const message = `no node gave a backup in time (${because}): look at GET /v1/cluster for the state of the nodes`;
  throw new RestError({ code: 'NO_HEALTHY_NODE', message, retryable: true, cause: last });
}

function inOrder(directory: NodeDirectory): readonly KnownNode[] {
  const leader = directory.leader();
  const healthy = directory.nodes().filter((node) => node.healthy);
  return [...healthy.filter((node) => node !== leader), ...healthy.filter((node) => node === leader)];
}
