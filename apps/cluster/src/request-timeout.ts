/** How long a client allows a request to take: the header `Synod-Timeout-Ms`. */
import { parseInteger } from '@synod/core';
import type { HttpRequest } from './http-request.js';

const timeoutMsDefault = 5_000;
const timeoutMsMax = 60_000;

/**
 * Reads the time a request may take, in milliseconds: 5000 when it does not say.
 *
 * @param request - The request.
 * @throws InvalidArgumentError when the header is not an integer from 1 to 60000.
 */
export function readTimeoutMs(request: HttpRequest): number {
  const header = request.header('synod-timeout-ms');
  return header === undefined
    ? timeoutMsDefault
    : parseInteger(Number(header), 'Synod-Timeout-Ms', 1, timeoutMsMax);
}
