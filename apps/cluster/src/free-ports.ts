/**
 * Ports for a cluster on one machine. Nodes must know each other's ports before they start and keep them over
 * restarts, so they are chosen in front. Where any port will do, they come from below the range that systems give to
 * outgoing connections (Linux: 32768, IANA: 49152): from there, a connection could take the port of a killed node.
 */
import * as net from 'node:net';
import { SynodError } from '@synod/core';
import { ListenError } from './listen-error.js';

const lowestPort = 20_000;
const highestPort = 32_000;
const attemptsMax = 200;

/** The ports of a cluster. */
export interface ClusterPorts {
  /** Of the gateway. */
  readonly gateway: number;
  /** Of the nodes, for clients. */
  readonly clients: readonly number[];
  /** Of the nodes, for peers. */
  readonly peers: readonly number[];
}

/**
 * Tells whether a port can be listened at.
 *
 * @param host - The host.
 * @param port - The port.
 */
async function isFree(host: string, port: number): Promise<boolean> {
  return (await tryPort(host, port)) === undefined;
}

async function tryPort(host: string, port: number): Promise<Error | undefined> {
  return await new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', resolve);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/**
 * Chooses the ports of a cluster: the gateway's, the nodes' next to it for clients, and 50 above those for peers.
 *
 * @param host - Host of the gateway; the nodes listen on 127.0.0.1.
 * @param nodes - Number of nodes.
 * @param port - Port of the gateway; 0 for any.
 * @param exact - Whether the user asked for this port: then no other will do.
 * @throws {@link ListenError} when the port that was asked for is taken.
 */
export async function choosePorts(
  host: string,
  nodes: number,
  port: number,
  exact: boolean,
): Promise<ClusterPorts> {
  if (port === 0) return await anyPorts(host, nodes);
  for (let gateway = port; gateway < port + 1_000; gateway += 100) {
    const problem = await tryPort(host, gateway);
    if (problem !== undefined && exact) throw new ListenError(host, gateway, problem);
    if (problem !== undefined) continue;
    const beside = numbered(gateway, nodes);
    if (await areFree(beside)) return beside;
    if (exact) return { ...(await anyPorts(host, nodes)), gateway };
  }
  return await anyPorts(host, nodes);
}

function numbered(gateway: number, nodes: number): ClusterPorts {
  const ordinals = Array.from({ length: nodes }, (_, position) => position + 1);
  return {
    gateway,
    clients: ordinals.map((ordinal) => gateway + ordinal),
    peers: ordinals.map((ordinal) => gateway + 50 + ordinal),
  };
}

async function areFree({ clients, peers }: ClusterPorts): Promise<boolean> {
  if (peers.some((port) => port > 65_535)) return false;
  const free = await Promise.all([...clients, ...peers].map((port) => isFree('127.0.0.1', port)));
  return free.every((each) => each);
}

/** Random, so that two clusters that start at the same time rarely meet. */
async function anyPorts(host: string, nodes: number): Promise<ClusterPorts> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < attemptsMax && found.size < 1 + 2 * nodes; attempt++) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
    if (!found.has(port) && (await isFree(host, port)) && (await isFree('127.0.0.1', port))) found.add(port);
  }
  const [gateway, ...others] = found;
  if (gateway === undefined || others.length < 2 * nodes) {
    const message = `no ${1 + 2 * nodes} free ports were found between ${lowestPort} and ${highestPort}: give one with --port`;
    throw new SynodError({ code: 'LISTEN_FAILED', message });
  }
  return { gateway, clients: others.slice(0, nodes), peers: others.slice(nodes) };
}
