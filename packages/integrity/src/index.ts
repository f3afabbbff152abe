/**
 * Bytes that can say whether they are whole: CRC-32C, the prime-modulus sum that courses begin with, and the sealed
 * frames that Synod's log and wire are made of. Pure JavaScript, no platform.
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
export { crc32c } from './crc32c.js';
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
export { checksum } from './prime-sum.js';
