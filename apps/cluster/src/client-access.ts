/**
 * Who may use a port for clients: whoever shows a token, as `Authorization: Bearer TOKEN`, or as the password of
 * `Authorization: Basic`, which browsers ask for by themselves and then send with every request of the dashboard.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { checkOrigin } from './client-origin.js';
import type { HttpRequest } from './http-request.js';
import { RestError } from './rest-errors.js';

/** Balancers and supervisors ask for it, and it tells next to nothing. */
const openPaths: ReadonlySet<string> = new Set(['/v1/health']);

/** Checks requests. */
export class ClientAccess {
  readonly #digests: readonly Buffer[];

  /** @param tokens - Those that open the port; anybody may use it when there are none. */
  constructor(tokens: readonly string[] = []) {
    this.#digests = tokens.map(digest);
  }

  /**
   * Lets a request pass, or not.
   *
   * @param request - The request.
   * @throws {@link RestError} `UNAUTHORIZED` without a token, `ORIGIN_REFUSED` for a change by a page from elsewhere: a
   * browser sends the token that it was once given with requests of any page.
   */
  check(request: HttpRequest): void {
    if (this.#digests.length === 0 || openPaths.has(request.path)) return;
    const shown = shownToken(request.header('authorization'));
    if (shown === undefined) throw unauthorized('this port asks for a token, and the request shows none');
    if (!this.#accepts(shown)) throw unauthorized('the token that the request shows is not one of this port');
    if (request.method !== 'GET' && request.method !== 'HEAD') checkOrigin(request);
  }

  /** Digests have one length, and each is compared whole: the time that it takes tells nothing of a token. */
  #accepts(token: string): boolean {
    const shown = digest(token);
    let accepted = false;
    for (const known of this.#digests) accepted = timingSafeEqual(known, shown) || accepted;
    return accepted;
  }
}

function shownToken(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+) *$/.exec(header ?? '') ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function unauthorized(what: string): RestError {
  const message = `${what}: send Authorization: Bearer TOKEN, or give synod --token-file`;
  return new RestError({ code: 'UNAUTHORIZED', message });
}
