/** Multi-Paxos as one engine among others: the cases of the contract that every engine must pass. */
import { engineCases } from '@synod/core/compliance';
import { describe, it } from 'vitest';
import { createMultiPaxosEngine, multiPaxosMessageCodec } from '../src/index.js';

const cases = engineCases({
  kind: 'paxos',
  createEngine: (start, limits) => createMultiPaxosEngine({ ...limits, ...start }),
  codec: multiPaxosMessageCodec,
});

describe('the contract of engines: paxos', () => {
  for (const { name, run } of cases) it(name, run);
});
