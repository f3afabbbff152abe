/** Addresses on the command line: `HOST:PORT`, `http://HOST:PORT`, and lists of them by node id. */
import { InvalidArgumentError, type NodeId, parseNodeId } from '@synod/core';

/** How an address begins. */
export type Scheme = 'http' | 'https' | 'ws' | 'wss';

/** A host and a port. */
export interface HostPort {
  /** Name or address, without brackets. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** A node and an address of it. */
export interface NodeAddress {
  /** The node. */
  readonly id: NodeId;
  /** The address as a URL. */
  readonly url: string;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT` or `PORT`.
 *
 * @param text - What the user gave.
 * @param option - The option it was given to, for the message.
 * @throws {@link InvalidArgumentError} when it is none of these.
 */
export function parseHostPort(text: string, option: string): HostPort {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]:|([^:[\]\s]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError(
      `${option} is ${JSON.stringify(text)}: give HOST:PORT, such as 127.0.0.1:8701`,
    );
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}

/**
 * Writes a host and port as the base of a URL.
 *
 * @param scheme - Such as `http`.
 * @param host - Name or address, without brackets.
 * @param port - The port.
 */
export function urlOf(scheme: Scheme, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Where others reach what is bound to a host: a wildcard address is no destination.
 *
 * @param host - The host that was bound.
 */
export function reachableHost(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

/**
 * Reads `n1=URL,n2=URL`.
 *
 * @param text - What the user gave.
 * @param option - The option it was given to, for the message.
 * @param schemes - One of these every URL must begin with.
 * @throws {@link InvalidArgumentError} for a malformed item, a wrong scheme or a repeated node.
 */
export function parseNodeAddresses(
  text: string,
  option: string,
  ...schemes: readonly Scheme[]
): readonly NodeAddress[] {
  const seen = new Set<NodeId>();
  return text.split(',').map((item) => {
    const equals = item.indexOf('=');
    const id = parseNodeId(item.slice(0, Math.max(0, equals)).trim(), `the node in ${option}`);
    if (seen.has(id)) throw new InvalidArgumentError(`${option} names ${id} twice`);
    seen.add(id);
    return { id, url: parseUrl(item.slice(equals + 1).trim(), option, ...schemes) };
  });
}

/**
 * Checks the URL of a server.
 *
 * @param text - What the user gave.
 * @param option - The option it was given to, for the message.
 * @param schemes - One of these it must begin with.
 * @returns The URL without a slash at its end.
 * @throws {@link InvalidArgumentError} when it is no such URL.
 */
export function parseUrl(text: string, option: string, ...schemes: readonly Scheme[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = schemes.find((each) => url?.protocol === `${each}:`);
  if (url === undefined || scheme === undefined || url.hostname === '' || url.pathname.length > 1) {
    throw new InvalidArgumentError(
      `${option} has ${JSON.stringify(text)}: give ${schemes.join(':// or ')}://HOST:PORT`,
    );
  }
  return `${scheme}://${url.host}`;
}
