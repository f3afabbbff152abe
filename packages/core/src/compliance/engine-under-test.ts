/** What the suite must be told of an engine, and what it gives back. */
import type { ConsensusEngine, EngineMessage, EngineStart, MessageCodec } from '../engine.js';
import type { EngineKind } from '../ids.js';

/** Bounds that some cases need small. What is left out is the engine's own default. */
export interface ComplianceLimits {
  /** Largest command in bytes. */
  readonly entryBytesMax?: number;
  /** Bytes of commands that may wait for commitment. */
  readonly uncommittedBytesMax?: number;
  /** Reads that may wait for a barrier. */
  readonly pendingReadsMax?: number;
  /** Entries kept in the log behind a snapshot. */
  readonly retainedEntries?: number;
}

/** An engine, as the suite needs it. */
export interface EngineUnderTest<Message extends EngineMessage> {
  readonly kind: EngineKind;
  /**
   * Makes an engine.
   *
   * @param start - Who it is and what its disk holds.
   * @param limits - Bounds; all others as they are by default.
   */
  createEngine(start: EngineStart, limits: ComplianceLimits): ConsensusEngine<Message>;
  readonly codec: MessageCodec<Message>;
  /** What the engine cannot do, and then refuses as `UNSUPPORTED`. Default nothing. */
  readonly lacks?: readonly ('changeMembership' | 'transferLeadership')[];
}

/** One thing that an engine must do. */
export interface ComplianceCase {
  /** What it must do, as the end of a sentence that begins with the engine. */
  readonly name: string;
  /** Tries it; throws a {@link ComplianceError} that says what went wrong. */
  readonly run: () => void;
}
