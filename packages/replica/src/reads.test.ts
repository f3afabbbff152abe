import type { EngineInput, EngineMessage, ReadContext, ReadMode } from '@synod/core';
import { ManualClock } from '@synod/core/memory';
import { describe, expect, it } from 'vitest';
import { settleLimits } from './limits.js';
import { Reads } from './reads.js';

function open() {
  const reads = new Reads(settleLimits({}), 10, new ManualClock());
  const asked: { readonly context: ReadContext; readonly mode: ReadMode }[] = [];
  const ask = (mode: ReadMode): ReadContext => {
    reads.read(() => 'answer', { mode }).catch(() => undefined);
    reads.handOver<EngineMessage>((input: EngineInput<EngineMessage>) => {
      if (input.type === 'read') asked.push({ context: input.context, mode: input.mode });
    });
    return asked.at(-1)?.context ?? 0;
  };
  return { reads, ask, modes: () => asked.map(({ mode }) => mode) };
}

describe('reads by lease', () => {
  it('go by read index after a time without ticks, until such a read is through', () => {
    const { reads, ask, modes } = open();
    ask('lease');
    reads.distrustLease();
    const proof = ask('lease');
    ask('lease');
    expect(modes()).toEqual(['lease', 'index', 'index']);
    reads.ready({ context: proof, index: 7 });
    ask('lease');
    expect(modes().at(-1)).toBe('lease');
  });

  it('are not trusted again because of a read that began before that time', () => {
    const { reads, ask, modes } = open();
    const before = ask('index');
    reads.distrustLease();
    reads.ready({ context: before, index: 7 });
    ask('lease');
    expect(modes().at(-1)).toBe('index');
  });
});
