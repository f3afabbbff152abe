import type { ClientOperation, RegisterAnswer, RegisterRequest } from '@synod/simulator';
import { drawScript, type runScript } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import { findBug } from './bug-bank.js';
import { HistoryJudge } from './history-judge.js';
import { loadChanged } from './planted-bug.js';

type Operation = ClientOperation<RegisterRequest, RegisterAnswer>;

function put(client: number, sequence: number, value: string, from: number, to: number): Operation {
  const input = { type: 'put', key: 'a', value, client, sequence } as const;
  return { process: client, input, output: undefined, calledAt: from, returnedAt: to };
}

function append(client: number, sequence: number, value: string, from: number, to: number): Operation {
  const input = { type: 'append', key: 'a', value, client, sequence } as const;
  return { process: client, input, output: undefined, calledAt: from, returnedAt: to };
}

function get(client: number, output: string, from: number, to: number): Operation {
  return { process: client, input: { type: 'get', key: 'a' }, output, calledAt: from, returnedAt: to };
}

function compareAndSet(
  client: number,
  expected: string,
  output: boolean,
  from: number,
  to: number,
): Operation {
  const input = { type: 'compareAndSet', key: 'a', expected, value: 'new', client, sequence: 9 } as const;
  return { process: client, input, output, calledAt: from, returnedAt: to };
}

describe('the judge of histories', () => {
  it('passes answers that one order explains, and counts them as linearizable', () => {
    const judge = new HistoryJudge();
    const history = [
      put(1, 1, '1.1', 0, 10),
      append(2, 1, '(2.1)', 5, 20),
      get(3, '1.1(2.1)', 21, 22),
      compareAndSet(1, '1.1(2.1)', true, 23, 24),
      compareAndSet(2, 'other', false, 25, 26),
      get(3, 'new', 27, 28),
    ];
    expect(judge.judge(history)).toBeUndefined();
    expect(judge.take()).toEqual({ verdict: 'linearizable', operations: 6 });
    expect(judge.take()).toBeUndefined();
  });

  it('finds a read of what was overwritten before it began, and names it', () => {
    const wrong = new HistoryJudge().judge([put(1, 1, 'x', 0, 1), put(1, 2, 'y', 2, 3), get(7, 'x', 4, 5)]);
    expect(wrong).toMatch(/client 7 was answered: get a/);
  });

  it('knows that the machine cuts long values', () => {
    const piece = '(1.1)'.padEnd(20, '-');
    const other = '(2.1)'.padEnd(20, '-');
    const history = [append(1, 1, piece, 0, 1), append(2, 1, other, 2, 3)];
    const cut = (piece + other).slice(-24);
    expect(new HistoryJudge().judge([...history, get(3, cut, 4, 5)])).toBeUndefined();
    expect(new HistoryJudge().judge([...history, get(3, piece + other, 4, 5)])).toMatch(/client 3/);
  });

  it('finds the stale reads that the ledger would have found, when the ledger does not look', async () => {
    const loaded = await loadChanged('@synod/simulator', 'index.ts', [
      { file: 'simulator/applied-machine.ts', from: 'this.index >= read.floor', to: 'this.index >= 0' },
    ]);
    const lax = runScriptOf(loaded);
    const subject = await findBug('reads-without-leader').load();
    const rules = new Set<string>();
    for (let seed = 1; seed <= 100 && !rules.has('history'); seed++)
      rules.add(lax(drawScript(seed), subject).finding?.invariant ?? '');
    expect(rules).toContain('history');
    expect(rules).not.toContain('read freshness');
  }, 60_000);
});

function runScriptOf(loaded: unknown): typeof runScript {
  if (!hasRunScript(loaded)) throw new Error('the changed simulator has no runScript');
  return loaded.runScript;
}

function hasRunScript(loaded: unknown): loaded is { readonly runScript: typeof runScript } {
  return typeof loaded === 'object' && loaded !== null && 'runScript' in loaded;
}
