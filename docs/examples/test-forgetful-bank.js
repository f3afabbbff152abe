import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { explain, parseScript, runScript, simulate } from '@synod/simulator';
import { Bank } from './bank.js';

/** The mistake: a snapshot without the answers. After a restore, a repeated transfer is done twice. */
class ForgetfulBank extends Bank {
  contents() {
    return { balances: this.balances };
  }
}

const account = (random) => random.integer(0, 3);
const subject = {
  engine: { create: createRaftEngine, codec: raftMessageCodec },
  workload: {
    createMachine: () => new ForgetfulBank(),
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
};

const report = simulate({ ...subject, seeds: [1, 200], ticks: 400 });
console.log(report.explanation);

// The script is all that is needed to see it again: keep it as a regression test.
const kept = JSON.stringify(report.failure?.script);
console.log('kept:', kept);
console.log('again:', explain(runScript(parseScript(kept), subject)).split('\n')[0]);
