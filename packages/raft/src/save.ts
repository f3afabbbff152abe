/** What a node must remember, as the write that its storage makes durable. */
import type { DurableWrite } from '@synod/core';
import { encodeHardState } from './hard-state.js';
import type { RaftState } from './state.js';

/** Everything that the disk must hold before promises that rely on it leave. */
export function takeSave(state: RaftState): DurableWrite | undefined {
  if (!state.hardStateChanged && !state.log.hasUnsaved()) return undefined;
  const withHardState = state.hardStateChanged || state.commitIndex > state.savedCommit;
  state.hardStateChanged = false;
  if (withHardState) state.savedCommit = state.commitIndex;
  return state.log.takeUnsaved(withHardState ? encodeHardState(state) : undefined);
}
