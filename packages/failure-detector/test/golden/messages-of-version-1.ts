/** Each message as the first release writes it. Never changed: members of different releases share a group. */
import type { SwimMessage } from '../../src/index.js';

const alive = { id: 'n1', address: '10.0.0.1:7946', state: 'alive', incarnation: 0, by: 'n1' } as const;
const suspect = { id: 'n2', address: 'host-2:80', state: 'suspect', incarnation: 300, by: 'n3' } as const;
const dead = { id: 'n4', address: '[::1]:7946', state: 'dead', incarnation: 2 ** 48, by: 'n1' } as const;
const left = { id: 'n.5-x_', address: 'a', state: 'left', incarnation: 1, by: 'n.5-x_' } as const;

export const messagesOfVersion1: readonly (readonly [SwimMessage, string])[] = [
  [
    { type: 'ping', from: 'n1', sequence: 7, target: 'n2', updates: [alive] },
    '0101026e3107026e320100026e310d31302e302e302e313a3739343600',
  ],
  [{ type: 'ack', from: 'n2', sequence: 7, target: 'n2', updates: [] }, '0102026e3207026e3200'],
  [
    { type: 'nack', from: 'n3', sequence: 300, target: 'n2', updates: [suspect] },
    '0103026e33ac02026e320101026e3209686f73742d323a3830ac02026e33',
  ],
  [
    { type: 'pingRequest', from: 'n1', sequence: 2 ** 53 - 1, target: 'n2', updates: [dead] },
    '0104026e31ffffffffffffff0f026e320102026e340a5b3a3a315d3a3739343680808080808040026e31',
  ],
  [
    { type: 'sync', from: 'n1', wantsReply: true, updates: [alive, suspect, dead, left] },
    '0105026e31010400026e310d31302e302e302e313a373934360001026e3209686f73742d323a3830ac02026e3302026e340a5b3a3a315d3a3739343680808080808040026e3103066e2e352d785f016101',
  ],
  [{ type: 'gossip', from: 'n1', updates: [left] }, '0106026e310103066e2e352d785f016101'],
];
