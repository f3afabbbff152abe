/**
 * Bytes that can say whether they are whole: checksums by name, CRC-32C by the fastest way that the platform has, the
 * prime-modulus sum that courses begin with, and the sealed frames that Synod's log and wire are made of. It needs no
 * platform and takes what one offers.
 *
 * @example Seal, damage, and be told.
 * ```ts
 * import { openFrame, sealFrame } from '@synod/integrity';
 *
 * const frame = sealFrame(Uint8Array.of(1, 2, 3));
 * openFrame(frame, 0, { frameBytesMax: 1024 }); // { type: 'whole', payload: [1, 2, 3], end: 19 }
 * frame[17] = 9;
 * openFrame(frame, 0, { frameBytesMax: 1024 }); // { type: 'damaged', reason: 'payload' }
 * ```
 *
 * @packageDocumentation
 */

export type {
  DeliveryLimits,
  ReceiverCheckpoint,
  ReceiverOptions,
  SenderCheckpoint,
  SenderOptions,
} from './ack-retry/options.js';
export { DeliveryReceiver } from './ack-retry/receiver.js';
export type {
  ReceiverEffects,
  ReceiverEvent,
  ReceiverInput,
  ReceiverStatus,
} from './ack-retry/receiver-values.js';
export type { RetryBudgetOptions } from './ack-retry/retry-budget.js';
export { encodeSegment } from './ack-retry/segment-codec.js';
export type {
  AcceptSegment,
  AcknowledgementSegment,
  DataSegment,
  OpenSegment,
  ReceiverAnswer,
  ResetReason,
  ResetSegment,
  Segment,
} from './ack-retry/segments.js';
export { DeliverySender } from './ack-retry/sender.js';
export type {
  OfferRefusal,
  SenderEffects,
  SenderEvent,
  SenderInput,
  SenderState,
  SenderStatus,
} from './ack-retry/sender-values.js';
export { adler32, combineAdler32 } from './checksums/adler32.js';
export type { ChecksumAlgorithm, ChecksumName, RunningChecksum } from './checksums/algorithm.js';
export type { BackendReport, ChecksumBackend } from './checksums/crc-backends.js';
export { combineCrc32, crc32, crc32Backends } from './checksums/crc32.js';
export { combineCrc32c, crc32c, crc32cBackends } from './checksums/crc32c.js';
export { digestStream } from './checksums/digest-stream.js';
export {
  checksumAlgorithm,
  checksumAlgorithmById,
  checksumNames,
  UnknownChecksumError,
} from './checksums/registry.js';
export {
  beginFrame,
  endFrame,
  type FrameDamage,
  type FrameExpectation,
  frameOverheadBytes,
  type OpenedFrame,
  openFrame,
  sealFrame,
} from './frame.js';
export { FrameDamagedError, FrameDecoder, FrameTooLargeError } from './frame-decoder.js';
export { FrameSearch, type FrameSearchOptions } from './frame-search.js';
export { checksum } from './prime-sum.js';
