/** Connections: gone when a node is, back when it is back, and quiet after close. */
import { isSynodError } from '../../errors.js';
import { demand } from '../contract-watch.js';
import { HeardNode, incarnationOf } from './transport-trial.js';
import type { TransportCase, TransportUnderTest } from './transport-under-test.js';
import { casesOf } from './trial-cases.js';

/** Cases about connections. */
export function connectionCases(underTest: TransportUnderTest): readonly TransportCase[] {
  return casesOf(underTest, {
    'tells that a node is gone once, and drops what is for it': async (trial) => {
      const [a, b] = await trial.startPair();
      await b.close();
      await trial.until(() => a.heard.includes('down b'), 'a is told that b is gone');
      demand(!a.transport.connected().includes('b'), 'a node that is gone is not connected');
      demand(!a.send('b', 0, Uint8Array.of(1)), 'what is for a node that is gone is dropped');
      await trial.quiet();
      demand(a.heard.filter((each) => each === 'down b').length === 1, 'a is told once');
    },

    'connects to a node that comes back, after asking about it again': async (trial) => {
      const [a, first] = await trial.startPair();
      await first.close();
      await trial.until(() => a.heard.includes('down b'), 'a is told that b is gone');
      const asked = a.hellos.length;
      const second = await trial.start('b');
      await trial.untilConnected(a, second);
      demand(a.hellos.length > asked, 'a is asked about b again');
      await trial.deliver(a, second, 1, Uint8Array.of(1));
      await trial.deliver(second, a, 2, Uint8Array.of(2));
    },

    'connects every pair of five nodes, and each to each once': async (trial) => {
      const nodes: HeardNode[] = [];
      for (const id of ['e', 'a', 'd', 'b', 'c']) nodes.push(await trial.start(id));
      for (const left of nodes)
        for (const right of nodes) if (left.id < right.id) await trial.untilConnected(left, right);
      for (const node of nodes) {
        const peers = [...node.transport.connected()];
        demand(new Set(peers).size === peers.length && peers.length === 4, `${node.id} is connected to four`);
        demand(!peers.includes(node.id), `${node.id} is not connected to itself`);
      }
    },

    'is quiet after close, which may be called twice, and sends no more': async (trial) => {
      const [a, b] = await trial.startPair();
      for (let sent = 0; sent < 100; sent++) b.send('a', sent, Uint8Array.of(1));
      const closing = [a.close(), a.transport.close()];
      for (const each of closing) await each;
      const heard = a.heard.length;
      for (let sent = 0; sent < 100; sent++) b.send('a', sent, Uint8Array.of(1));
      await trial.quiet();
      demand(a.heard.length === heard, 'nothing is heard after close');
      demand(!a.send('b', 0, Uint8Array.of(1)), 'a closed transport drops what it is given');
      demand(a.transport.connected().length === 0, 'a closed transport is connected to nobody');
    },

    'is started once': async (trial) => {
      const a = await trial.start('a');
      const refused = async (): Promise<boolean> => {
        try {
          await a.transport.start(new HeardNode('a'), incarnationOf('a'));
          return false;
        } catch (error) {
          return isSynodError(error) && error.code === 'INVALID_ARGUMENT';
        }
      };
      demand(await refused(), 'a second start is refused as INVALID_ARGUMENT');
      await a.close();
      demand(await refused(), 'a start after close is refused as INVALID_ARGUMENT');
    },
  });
}
