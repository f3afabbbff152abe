/** Who is let in, and what is told to whom. */
import type { HelloRefusal } from '../../transport.js';
import { demand } from '../contract-watch.js';
import { incarnationOf } from './transport-trial.js';
import type { TransportCase, TransportUnderTest } from './transport-under-test.js';
import { casesOf } from './trial-cases.js';

/** Cases about hellos. */
export function admissionCases(underTest: TransportUnderTest): readonly TransportCase[] {
  return casesOf(underTest, {
    'connects two nodes once both have admitted each other by id and incarnation': async (trial) => {
      const pair = await trial.startPair();
      for (const [node, other] of [pair, [pair[1], pair[0]] as const]) {
        demand(node.transport.local === node.id, `the transport of ${node.id} is its own`);
        const hello = node.hellos.find(({ id }) => id === other.id);
        demand(hello !== undefined, `${node.id} was asked about ${other.id}`);
        demand(
          hello.incarnation === incarnationOf(other.id),
          `the hello of ${other.id} carries its incarnation`,
        );
      }
      await trial.until(
        () => pair.every(({ heard }) => heard.some((each) => each.startsWith('up'))),
        'both are told',
      );
    },

    'waits for an admission as long as it takes, and carries nothing before': async (trial) => {
      let answer: (refusal: HelloRefusal | undefined) => void = () => {};
      const a = await trial.start('a');
      const b = await trial.start('b', (node) => {
        node.decide = () =>
          new Promise((resolve) => {
            answer = resolve;
          });
      });
      await trial.until(() => b.hellos.length > 0, 'b is asked about a');
      for (let tries = 0; tries < 5; tries++) {
        demand(
          !a.send('b', 0, Uint8Array.of(1)),
          'what is sent before both have admitted each other is dropped',
        );
        await trial.quiet();
      }
      demand(a.transport.connected().length + b.transport.connected().length === 0, 'neither is connected');
      answer(undefined);
      b.decide = () => Promise.resolve(undefined);
      await trial.untilConnected(a, b);
      demand(b.payloads.length === 0, 'nothing that was dropped arrives');
    },

    'keeps out whom the handler refuses, and tells that one the code and the reason': async (trial) => {
      const refusal: HelloRefusal = { code: 'INCARNATION_LOST', reason: 'a was known under another one' };
      const a = await trial.start('a');
      const b = await trial.start('b', (node) => {
        node.decide = () => Promise.resolve(refusal);
      });
      await trial.until(() => a.refusals.length > 0, 'a is told that b refused it');
      const [told] = a.refusals;
      demand(told?.peer === 'b' && told.refusal.code === refusal.code, 'the code is that of the handler');
      demand(told.refusal.reason.includes(refusal.reason), 'the reason is that of the handler');
      demand(!a.send('b', 0, Uint8Array.of(1)), 'what is sent to a node that refused is dropped');
      await trial.quiet();
      for (const node of [a, b]) {
        demand(node.transport.connected().length === 0, `${node.id} is not connected`);
        demand(!node.heard.some((each) => each.startsWith('up')), `${node.id} is not told that anyone is up`);
      }
      demand(b.payloads.length === 0, 'nothing of a refused node arrives');
    },

    'connects the others when one pair refuses each other': async (trial) => {
      const [a, b, c] = [
        await trial.start('a'),
        await trial.start('b'),
        await trial.start('c', (node) => {
          node.decide = ({ id }) =>
            Promise.resolve(id === 'a' ? { code: 'UNKNOWN_NODE', reason: 'not among the peers' } : undefined);
        }),
      ];
      await trial.untilConnected(a, b);
      await trial.untilConnected(b, c);
      await trial.deliver(b, c, 1, Uint8Array.of(1));
      demand(!c.transport.connected().includes('a'), 'c is not connected to a, whom it refused');
    },
  });
}
