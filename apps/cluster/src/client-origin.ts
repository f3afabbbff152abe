/**
 * Keeps web pages of others away from a gateway on this machine. A page can make a visitor's browser send requests to
 * 127.0.0.1: its `Origin` header then tells on it, and where a name of the page's own was made to point here (DNS
 * rebinding) the `Host` header does.
 */
import type { HttpRequest } from './http-request.js';
import { RestError } from './rest-errors.js';

/**
 * Refuses a request that changes something and that a page from elsewhere sent.
 *
 * @param request - The request.
 * @throws {@link RestError} `ORIGIN_REFUSED`.
 */
export function checkOrigin(request: HttpRequest): void {
  const origin = request.header('origin');
  if (origin === undefined) return;
  const host = request.header('host') ?? '';
  if (origin === `http://${host}` || origin === `https://${host}`) return;
  throw new RestError({
    code: 'ORIGIN_REFUSED',
    message: `a page from ${origin.slice(0, 100)} may not change anything here: only pages served by this gateway may`,
  });
}

/**
 * Refuses a request that names this gateway by a name it does not have.
 *
 * @param request - The request.
 * @param boundHost - Host that the gateway was told to bind.
 * @throws {@link RestError} `HOST_REFUSED`.
 */
export function checkHost(request: HttpRequest, boundHost: string): void {
  const host = (request.header('host') ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  if (isAddress(host) || host === 'localhost' || host === boundHost.toLowerCase()) return;
  throw new RestError({
    code: 'HOST_REFUSED',
    message: `while faults are enabled, this gateway changes things only for requests to an IP address, localhost or ${boundHost}: use one of them`,
  });
}

/** A name can be made to point anywhere; an address cannot. */
function isAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || /^[0-9a-f:.]*:[0-9a-f:.]*$/.test(host);
}
