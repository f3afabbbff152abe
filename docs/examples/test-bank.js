import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { simulate } from '@synod/simulator';
import { Bank } from './bank.js';

const account = (random) => random.integer(0, 3);
const report = simulate({
  engine: { create: createRaftEngine, codec: raftMessageCodec },
  workload: {
    createMachine: () => new Bank(),
    next: ({ client, sequence: number, random }) => ({
      client,
      number,
      from: account(random),
      to: account(random),
      amount: random.integer(1, 50),
    }),
    encode: (transfer) => new TextEncoder().encode(JSON.stringify(transfer)),
    withoutAnswer: 'repeat',
    check: (bank) => (bank.total() === 300 ? undefined : `the accounts hold ${bank.balances}`),
  },
  seeds: [1, 20],
  ticks: 400,
});
console.log(report.explanation || `${report.seeds} storms: every rule held`);
