/** The members that a cluster began with, which its nodes were told by their command lines and no log holds. */
import * as path from 'node:path';
import {
  createMembership,
  InvalidArgumentError,
  type Membership,
  type NodeId,
  parseNodeId,
} from '@synod/core';
import { readClusterIdentity } from './cluster-directory.js';

/**
 * Finds the members that the cluster of a node began with.
 *
 * @param directory - Directory of the node.
 * @param list - What `--founders` says; else it is what `cluster.json` beside the directory says.
 * @throws InvalidArgumentError when neither is there.
 */
export async function foundersOf(directory: string, list: string | undefined): Promise<Membership> {
  const ids =
    list === undefined
      ? (await readClusterIdentity(path.dirname(directory)))?.nodes
      : parseIds(list, '--founders');
  if (ids !== undefined) return createMembership([...ids].sort());
  throw new InvalidArgumentError(
    `--founders is missing, and there is no cluster.json beside ${directory}: name the nodes that --peers named when ` +
      'the cluster was new',
  );
}

/**
 * Reads a list of node ids.
 *
 * @param list - The ids with commas between them.
 * @param option - The option that has it, for errors.
 * @throws InvalidArgumentError when one is malformed.
 */
export function parseIds(list: string, option: string): readonly NodeId[] {
  return list.split(',').map((text) => parseNodeId(text.trim(), option));
}
