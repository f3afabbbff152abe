/**
 * The directory of a cluster on one machine: a folder for each node, and a small file that says which cluster it is,
 * so that it is never started with other nodes than those whose votes are in it.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InvalidArgumentError, isNodeId, type NodeId } from '@synod/core';
import { fieldOf, parseJson } from './rest-errors.js';

/** What a directory says of its cluster. */
export interface ClusterIdentity {
  /** Name of the cluster: `synod-` and eight random hexadecimal digits. */
  readonly cluster: string;
  /** Its nodes. */
  readonly nodes: readonly NodeId[];
  /** Which engine its logs belong to. */
  readonly engine: string;
}

const fileName = 'cluster.json';

/**
 * Opens the directory of a cluster, or makes it.
 *
 * @param directory - Where it is.
 * @param nodes - Number of nodes; 3 when not given and the directory is new.
 * @param engine - The engine.
 * @throws {@link InvalidArgumentError} when the directory holds another cluster than was asked for, or something else.
 */
export async function openClusterDirectory(
  directory: string,
  nodes: number | undefined,
  engine: string,
): Promise<ClusterIdentity> {
  await fs.mkdir(directory, { recursive: true });
  const identity = await readClusterIdentity(directory);
  if (identity === undefined) return await createIdentity(directory, nodes ?? 3, engine);
  if (nodes !== undefined && identity.nodes.length !== nodes) {
    throw new InvalidArgumentError(
      `${directory} holds a cluster of ${identity.nodes.length} nodes, not of ${nodes}: give --nodes ${identity.nodes.length}, or another --data`,
    );
  }
  if (identity.engine !== engine) {
    throw new InvalidArgumentError(
      `${directory} holds a cluster of the engine ${identity.engine}, not ${engine}: give --engine ${identity.engine}, or another --data`,
    );
  }
  return identity;
}

/**
 * Reads which cluster a directory holds.
 *
 * @param directory - Where it may be.
 * @returns What its file says, or `undefined` when there is none.
 * @throws {@link InvalidArgumentError} when the file is not of this version.
 */
export async function readClusterIdentity(directory: string): Promise<ClusterIdentity | undefined> {
  const file = path.join(directory, fileName);
  const text = await readIfThere(file);
  return text === undefined ? undefined : readIdentity(text, file);
}

async function createIdentity(directory: string, nodes: number, engine: string): Promise<ClusterIdentity> {
  const strangers = (await fs.readdir(directory)).filter((name) => !name.startsWith('.'));
  if (strangers.length > 0) {
    throw new InvalidArgumentError(
      `${directory} is not empty and holds no ${fileName}, so it is not the directory of a cluster: give another --data`,
    );
  }
  const ids = Array.from({ length: nodes }, (_, position) => `n${position + 1}`);
  const identity = { cluster: `synod-${randomBytes(4).toString('hex')}`, nodes: ids, engine };
  await writeClusterIdentity(directory, identity);
  return identity;
}

/**
 * Writes down which cluster a directory holds, durably.
 *
 * @param directory - Where it is.
 * @param identity - Its name, nodes and engine.
 */
export async function writeClusterIdentity(directory: string, identity: ClusterIdentity): Promise<void> {
  const file = path.join(directory, fileName);
  // Aside and renamed: a crash in the middle must not leave half a file that blocks the next start.
  const aside = await fs.open(`${file}.tmp`, 'w');
  try {
    await aside.writeFile(`${JSON.stringify({ format: 1, ...identity }, null, 2)}\n`);
    await aside.sync();
  } finally {
    await aside.close();
  }
  await fs.rename(`${file}.tmp`, file);
}

function readIdentity(text: string, file: string): ClusterIdentity {
  const document = parseJson(text);
  const cluster = fieldOf(document, 'cluster');
  const nodes = fieldOf(document, 'nodes');
  const engine = fieldOf(document, 'engine');
  if (fieldOf(document, 'format') === 1 && typeof cluster === 'string' && typeof engine === 'string') {
    if (Array.isArray(nodes) && nodes.length > 0 && nodes.every(isNodeId)) return { cluster, nodes, engine };
  }
  throw new InvalidArgumentError(
    `${file} is not a cluster's file of this version: restore it, or give another --data`,
  );
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
