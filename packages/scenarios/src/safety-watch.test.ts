import { encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { SafetyWatch } from './safety-watch.js';

const entry = (index: number, text: string) =>
  ({ index, term: 1, kind: 'command', data: encodeUtf8(text) }) as const;

describe('the safety that no golden file can rewrite', () => {
  it('two leaders of one term end a scenario; one of each term do not', () => {
    const watch = new SafetyWatch();
    watch.leads('n1', 1);
    watch.leads('n1', 1);
    watch.leads('n2', 2);
    expect(() => watch.leads('n3', 2)).toThrow(/n2 and n3 both lead term 2/);
  });

  it('two nodes that apply different entries at one index end a scenario', () => {
    const watch = new SafetyWatch();
    watch.applies('n1', entry(1, 'x'));
    watch.applies('n2', entry(1, 'x'));
    expect(() => watch.applies('n3', entry(1, 'y'))).toThrow(/n3 applies 1@1 "y", where 1@1 "x" was/);
  });
});
