/**
 * Every kind of segment of the first release beside its bytes on the wire. Frozen: once that release is out, nothing in
 * this file is changed any more; a new release adds a file of its own.
 */
import type { Segment } from '../../src/index.js';

const common = { epoch: 300, connection: 0x1_2345 } as const;
const answer = { ...common, receiverEpoch: 7, next: 0xffff_fffe } as const;

/** Segments and their bytes in hexadecimal. */
export const segmentsOfVersion1: readonly (readonly [Segment, string])[] = [
  [
    {
      type: 'open',
      ...common,
      receiverEpoch: 0,
      first: 0xffff_fff0,
      transmission: 0x0102_0304,
      inFlightBlocks: 128,
    },
    'a7010000110000004a143c08203d377f01ac02c5c60400f0ffffff040302018001',
  ],
  [
    {
      type: 'accept',
      ...answer,
      windowBlocks: 1024,
      windowBytes: 16_777_216,
      acknowledgeDelayMs: 25,
      selective: true,
      ranges: [],
      hasMore: false,
    },
    'a701000015000000b9251e73b5a1be8b02ac02c5c60407feffffff80088080800819010000',
  ],
  [
    {
      type: 'data',
      ...common,
      sequence: 0xffff_ffff,
      transmission: 9,
      isLast: false,
      block: Uint8Array.of(1, 2, 255),
    },
    'a701000012000000739d1e6ae6fb7dcf03ac02c5c604ffffffff09000000000102ff',
  ],
  [
    { type: 'data', ...common, sequence: 0, transmission: 10, isLast: true, block: new Uint8Array(0) },
    'a70100000f000000e3d459d3d33aced903ac02c5c604000000000a00000001',
  ],
  [
    { type: 'acknowledgement', ...answer, transmission: 8, ranges: [1, 200, 3, 1], hasMore: true },
    'a70100001600000080ac3c115a1bc92c04ac02c5c60407feffffff08000000010201c8010301',
  ],
  [
    { type: 'reset', ...common, receiverEpoch: 7, reason: 'unknownSession', known: 0 },
    'a70100000900000091c61c171898f20a05ac02c5c604070100',
  ],
  [
    { type: 'reset', ...common, receiverEpoch: 7, reason: 'superseded', known: 5 },
    'a70100000900000091c61c179d24e40b05ac02c5c604070205',
  ],
  [
    { type: 'reset', ...common, receiverEpoch: 7, reason: 'reopen', known: 0x2_0001 },
    'a70100000b00000010e57ba84975c76405ac02c5c6040703818008',
  ],
];
