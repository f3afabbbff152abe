/** Sets of nodes in the one order that fingerprints need. */
import type { FingerprintView, NodeId } from '@synod/core';

/** Names of nodes, as a view has them, in ascending order. */
export function namedInOrder(nodes: Iterable<NodeId>, { rename }: FingerprintView): readonly string[] {
  return Array.from(nodes, (id) => rename?.(id) ?? id).sort();
}
