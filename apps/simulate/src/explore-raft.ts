/** Raft as the explorer takes it: clocks that never strike, and small limits, so that little can happen at a time. */
import { type EngineStart, type NodeId, Random } from '@synod/core';
import { decodeHardState, encodeHardState, type RaftLimits, type RaftMessage } from '@synod/raft';
import type { EngineUnderTest, ExploredEngine } from '@synod/simulator';

/** One entry an append and one append under way: what is in flight beyond that only multiplies the states. */
const limits: RaftLimits = {
  electionTicks: 100_000,
  heartbeatTicks: 1,
  appendBytesMax: 1,
  appendsInFlightMax: 1,
};

/**
 * An engine for the explorer.
 *
 * @param engine - The engine as storms run it: the real one, or one with a planted bug. What it is started with goes
 *   before the limits that it draws.
 */
export function exploredRaft(engine: EngineUnderTest<RaftMessage>): ExploredEngine<RaftMessage> {
  return {
    ...engine,
    create: (start) => {
      const limited: EngineStart & RaftLimits = { ...limits, ...start };
      return engine.create(limited, new Random(0), { clockDriftMax: undefined });
    },
    renameHardState,
  };
}

/** The vote is the only name in the record. */
function renameHardState(bytes: Uint8Array, rename: (id: NodeId) => string): Uint8Array {
  const state = decodeHardState(bytes);
  const { votedFor } = state;
  return encodeHardState({ ...state, votedFor: votedFor === undefined ? undefined : rename(votedFor) });
}
