/**
 * Every kind of message of Multi-Paxos' first release beside its bytes on the wire. Frozen: once that release is out,
 * nothing in this file is changed any more; a new release adds a file of its own.
 */
import { createMembership } from '@synod/core';
import { ballotOf, type MultiPaxosMessage } from '../../src/index.js';

const address = { from: 'n1', to: 'n2' } as const;
const ballot = ballotOf(3, 1);
const command = {
  index: 129,
  term: ballotOf(2, 2),
  kind: 'command',
  data: Uint8Array.of(1, 2, 255),
} as const;
const noop = { index: 130, term: ballot, kind: 'noop', data: new Uint8Array(0) } as const;

/** Messages and their bytes in hexadecimal. */
export const messagesOfVersion1: readonly (readonly [MultiPaxosMessage, string])[] = [
  [{ ...address, type: 'probe', ballot, probe: 7, decided: 128 }, '018118078001'],
  [
    { ...address, type: 'probeAnswer', ballot, probe: 7, willing: true, decided: 128, last: 130 },
    '028118070180018201',
  ],
  [
    { ...address, type: 'probeAnswer', ballot: 0, probe: 1, willing: false, decided: 0, last: 0 },
    '020001000000',
  ],
  [{ ...address, type: 'nominate', ballot, transfer: true }, '03811801'],
  [{ ...address, type: 'prepare', ballot, slot: 129, handedOver: 0 }, '048118810100'],
  [{ ...address, type: 'prepare', ballot, slot: 129, handedOver: 2050 }, '04811881018210'],
  [
    {
      ...address,
      type: 'promise',
      ballot,
      slot: 129,
      first: 129,
      decided: 128,
      votes: [
        { entry: command, ballot: ballotOf(2, 2) },
        { entry: noop, ballot },
      ],
      next: undefined,
    },
    '0581188101810180010002810182100000030102ff018118000100',
  ],
  [
    { ...address, type: 'promise', ballot, slot: 1, first: 100, decided: 99, votes: [], next: 200 },
    '058118016463c80100',
  ],
  [{ ...address, type: 'nack', ballot, refused: ballotOf(2, 3) }, '0681188310'],
  [
    { ...address, type: 'accept', ballot, entries: [command, noop], decided: 128 },
    '0781188001028101ff0700030102ff01000100',
  ],
  [{ ...address, type: 'accept', ballot, entries: [], decided: 130 }, '078118820100'],
  [
    {
      ...address,
      type: 'accepted',
      ballot,
      decided: 128,
      ranges: [
        { from: 129, through: 130 },
        { from: 140, through: 300 },
      ],
    },
    '0881188001028101018c01a001',
  ],
  [{ ...address, type: 'heartbeat', ballot, decided: 130, held: 129, round: 12 }, '098118820181010c'],
  [
    { ...address, type: 'heartbeatAnswer', ballot, decided: 130, accepted: 131, received: 140, round: 12 },
    '0a8118820183018c010c',
  ],
  [
    {
      ...address,
      type: 'installSnapshot',
      ballot,
      meta: { index: 128, term: ballotOf(2, 2), membership: createMembership(['n1', 'n2', 'n3']) },
    },
    '0b81188001821003026e310101026e320201026e33030100',
  ],
  [{ ...address, type: 'learn', ballot, slot: 120 }, '0c811878'],
  [
    { ...address, type: 'learned', ballot, entries: [command], decided: 130 },
    '0d81188201018101821000030102ff',
  ],
  [{ ...address, type: 'readRequest', ballot, life: 2, request: 9 }, '0e81180209'],
  [{ ...address, type: 'readAnswer', ballot, life: 2, request: 9, index: 130 }, '0f81180209018201'],
  [{ ...address, type: 'readAnswer', ballot, life: 2, request: 10, index: undefined }, '0f8118020a0000'],
  [{ ...address, type: 'votesRequest', ballot, life: 2, request: 11 }, '108118020b'],
  [{ ...address, type: 'votesAnswer', ballot, life: 2, request: 11, last: 130 }, '118118020b8201'],
];
