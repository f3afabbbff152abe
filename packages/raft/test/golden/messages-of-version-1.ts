/**
 * Every kind of message of the first release beside its bytes on the wire. Frozen: nodes of that release are still out
 * there. Nothing in this file is ever changed; a new release adds a file of its own.
 */
import { createMembership } from '@synod/core';
import type { RaftMessage } from '../../src/index.js';

const address = { from: 'n1', to: 'n2' } as const;

/** Messages and their bytes in hexadecimal. */
export const messagesOfVersion1: readonly (readonly [RaftMessage, string])[] = [
  [
    { ...address, type: 'requestVote', term: 3, preVote: false, lastLogIndex: 300, lastLogTerm: 2 },
    '010300ac0202',
  ],
  [
    { ...address, type: 'requestVote', term: 4, preVote: true, lastLogIndex: 0, lastLogTerm: 0 },
    '0104010000',
  ],
  [{ ...address, type: 'vote', term: 3, preVote: false, granted: true }, '02030001'],
  [{ ...address, type: 'vote', term: 5, preVote: true, granted: false }, '02050100'],
  [
    {
      ...address,
      type: 'appendEntries',
      term: 7,
      prevLogIndex: 128,
      prevLogTerm: 5,
      commitIndex: 127,
      entries: [
        { index: 129, term: 5, kind: 'command', data: Uint8Array.of(1, 2, 255) },
        { index: 130, term: 7, kind: 'noop', data: new Uint8Array(0) },
        { index: 131, term: 7, kind: 'command', data: Uint8Array.of(0) },
      ],
    },
    '03078001057f030000030102ff02010000000100',
  ],
  [
    {
      ...address,
      type: 'appendEntries',
      term: 1,
      prevLogIndex: 0,
      prevLogTerm: 0,
      commitIndex: 0,
      entries: [],
    },
    '030100000000',
  ],
  [{ ...address, type: 'appendAccepted', term: 7, matchIndex: 131 }, '04078301'],
  [
    { ...address, type: 'appendRefused', term: 7, refusedIndex: 128, hintIndex: 100, hintTerm: 4 },
    '050780016404',
  ],
  [{ ...address, type: 'heartbeat', term: 7, commitIndex: 131, round: 9 }, '0607830109'],
  [{ ...address, type: 'heartbeatAnswer', term: 7, round: 9 }, '070709'],
  [
    {
      ...address,
      type: 'installSnapshot',
      term: 7,
      meta: { index: 2 ** 40, term: 6, membership: createMembership(['n1', 'n2', 'n3']) },
    },
    '08078080808080200603026e310101026e320201026e33030100',
  ],
  [
    {
      ...address,
      type: 'installSnapshot',
      term: 7,
      meta: {
        index: 5,
        term: 6,
        membership: {
          members: [
            { id: 'n1', ordinal: 1, role: 'voter' },
            { id: 'n4', ordinal: 4, role: 'learner' },
          ],
          outgoingVoters: ['n2'],
        },
      },
    },
    '0807050602026e310101026e34040001026e32',
  ],
  [{ ...address, type: 'readRequest', term: 7, life: 2, request: 40 }, '09070228'],
  [{ ...address, type: 'readAnswer', term: 7, life: 2, request: 40, index: 131 }, '0a070228018301'],
  [{ ...address, type: 'readAnswer', term: 7, life: 2, request: 41, index: undefined }, '0a0702290000'],
];
