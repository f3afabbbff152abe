/** A server that requests can go to, as a balancer's endpoint. */
import type { Endpoint } from '@synod/balancer';
import { InvalidArgumentError } from '@synod/core';

/** A server: its address, and what a balancer knows of endpoints beside it. */
export interface Server extends Omit<Endpoint, 'id'> {
  /** Address, such as `http://10.0.0.1:8080` or, with a path before all others, `https://example.org/api`. */
  readonly url: string | URL;
  /** Name within the set. Default: the address. */
  readonly id?: string;
}

/** A server as an endpoint. */
export interface ServerEndpoint extends Endpoint {
  /** Address without a path. */
  readonly origin: string;
  /** What stands before every path: empty, or `/api`. */
  readonly prefix: string;
}

/**
 * Reads addresses.
 *
 * @param servers - What the caller gave.
 * @throws InvalidArgumentError when one is no address of HTTP.
 */
export function endpointsOf(servers: readonly (string | URL | Server)[]): readonly ServerEndpoint[] {
  return servers.map((server) => {
    const {
      url: address,
      id,
      ...rest
    } = typeof server === 'string' || server instanceof URL ? { url: server } : server;
    const url = parse(address);
    const prefix = url.pathname.replace(/\/$/, '');
    return { ...rest, id: id ?? `${url.origin}${prefix}`, origin: url.origin, prefix };
  });
}

function parse(address: string | URL): URL {
  try {
    const url = new URL(address);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // The message below says what would be right.
  }
  throw new InvalidArgumentError(`server address is "${address}": give one such as http://10.0.0.1:8080`);
}
