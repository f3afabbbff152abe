import type { ConsensusEngine, Effects, EngineMessage, Entry } from '@synod/core';
import {
  encodeCloseSession,
  encodeCompareAndSet,
  encodeDeleteRange,
  encodeOpenSession,
  encodePut,
} from '@synod/kv';
import { describe, expect, it } from 'vitest';
import { LogTail } from './log-tail.js';

function engineThatCommits(...batches: (readonly Entry[])[]): ConsensusEngine<EngineMessage> {
  const unused = (): never => {
    throw new Error('not used');
  };
  return {
    kind: 'raft',
    id: 'n1',
    group: 0,
    step: unused,
    status: unused,
    clone: unused,
    fingerprint: unused,
    takeEffects: (): Effects<EngineMessage> | undefined => {
      const committed = batches.shift();
      const nothing = { sendNow: [], sendAfterSave: [], reads: [], refused: [], snapshots: [], events: [] };
      return committed === undefined ? undefined : { ...nothing, committed };
    },
  };
}

const command = (index: number, data: Uint8Array): Entry => ({ index, term: 3, kind: 'command', data });

describe('the tail of the log', () => {
  it('says in words what each entry does', () => {
    const tail = new LogTail();
    const engine = tail.watch(
      engineThatCommits(
        [{ index: 1, term: 3, kind: 'noop', data: new Uint8Array() }],
        [
          command(2, encodePut({ key: 'color', value: 'green' }, { session: 9, sequence: 4 })),
          command(3, encodeDeleteRange({ key: Uint8Array.of(0xff) })),
          command(4, encodeCompareAndSet({ key: 'color', value: 'blue', expectedModRevision: 2 })),
          command(5, encodeOpenSession()),
          command(6, encodeCloseSession(9)),
          command(7, encodePut({ key: 'k', value: 'v'.repeat(100_000) })),
          command(8, Uint8Array.of(250, 1)),
        ],
      ),
    );
    while (engine.takeEffects() !== undefined);
    expect(tail.last(100).map(({ index, summary }) => `${index} ${summary}`)).toEqual([
      '1 the first entry of a new leader',
      '2 put "color" = "green" (session 9, number 4)',
      '3 delete base64 /w==',
      '4 put "color" = "blue" if 1 condition holds',
      '5 open a session',
      '6 close session 9',
      `7 put "k" = "${'v'.repeat(40)}…"`,
      '8 a command of 2 bytes that is refused',
    ]);
    expect(tail.last(2).map(({ index, term }) => [index, term])).toEqual([
      [7, 3],
      [8, 3],
    ]);
  });

  it('stays within its bound, whether entries come one by one or by the thousand', () => {
    const entries = Array.from({ length: 5_000 }, (_, at) => command(at + 1, encodeOpenSession()));
    for (const batches of [[entries], entries.map((entry) => [entry])]) {
      const tail = new LogTail(10);
      const engine = tail.watch(engineThatCommits(...batches));
      while (engine.takeEffects() !== undefined);
      expect(tail.last(1_000).length).toBeLessThan(20);
      expect(tail.last(10).map(({ index }) => index)).toEqual([
        4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5000,
      ]);
    }
  });
});
