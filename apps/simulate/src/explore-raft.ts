/** Raft as the explorer takes it: clocks that never strike, and small limits, so that little can happen at a time. */
import { ByteReader, ByteWriter, type EngineStart, type NodeId, Random } from '@synod/core';
import type { RaftLimits, RaftMessage } from '@synod/raft';
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

/** The engine's own record, version 1: the vote is the only name in it. */
function renameHardState(bytes: Uint8Array, rename: (id: NodeId) => string): Uint8Array {
  const reader = new ByteReader(bytes);
  const writer = new ByteWriter(64);
  writer.u8(reader.u8());
  writer.varint(reader.varint());
  const votedFor = reader.string();
  writer.string(votedFor === '' ? '' : rename(votedFor));
  writer.varint(reader.varint());
  writer.varint(reader.varint());
  reader.end();
  return writer.take();
}
