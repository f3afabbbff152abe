import {
  type ConsensusEngine,
  createMembership,
  type EngineMessage,
  type EngineStatus,
  logStart,
  type Role,
} from '@synod/core';
import { describe, expect, it } from 'vitest';
import type { EngineOnStage } from './engine-on-stage.js';
import { playScenario } from './run-scenario.js';

/** Leads as soon as it is asked to campaign, whoever else does, and says nothing to anybody. */
class Usurper implements ConsensusEngine<EngineMessage> {
  readonly kind = 'raft';
  readonly group = 0;
  readonly id: string;
  #role: Role = 'follower';

  constructor(id: string) {
    this.id = id;
  }

  step(input: { readonly type: string }): void {
    if (input.type === 'campaign') this.#role = 'leader';
  }

  takeEffects(): undefined {
    return undefined;
  }

  status(): EngineStatus {
    return {
      kind: 'raft',
      id: this.id,
      group: 0,
      role: this.#role,
      term: 1,
      leader: undefined,
      commitIndex: 0,
      appliedIndex: 0,
      durableIndex: 0,
      firstIndex: 1,
      lastIndex: 0,
      snapshot: logStart,
      membership: createMembership(['n1', 'n2']),
      peers: [],
      pendingReads: 0,
      explanation: '',
    };
  }

  clone(): Usurper {
    return new Usurper(this.id);
  }

  fingerprint(): string {
    return '';
  }
}

const usurpers: EngineOnStage<EngineMessage> = {
  create: ({ id }) => new Usurper(id),
  codec: {
    encode: () => undefined,
    decode: (_reader, from, to) => ({ from, to }),
    withSnapshot: (message) => message,
    offeredSnapshot: () => undefined,
  },
  describeMessage: () => '',
  describeHardState: () => '',
  encodeHardState: () => new Uint8Array(),
};

function play(...directives: readonly string[]): string {
  return playScenario(
    ['# A title', '# Paper: none', 'cluster n1 n2', ...directives, ''].join('\n'),
    usurpers,
  );
}

describe('playing a scenario', () => {
  it('writes what came of each directive below it', () => {
    expect(play('n1 campaign', 'status n1', '  something that was expected once')).toBe(
      [
        '# A title',
        '# Paper: none',
        'cluster n1 n2',
        'n1 campaign',
        'status n1',
        '  n1 leader in term 1, leader unknown; log empty after 0; commit 0, applied 0',
        '',
      ].join('\n'),
    );
  });

  it('a claim that does not hold ends it, with the line and what is so instead', () => {
    expect(play('claim n1 role=follower')).toContain('claim n1 role=follower\n');
    expect(() => play('n1 campaign', 'claim n1 role=follower')).toThrow(
      /line 5: .*role is leader, not follower/,
    );
  });

  it('an engine that breaks safety ends it, whatever is written in the file', () => {
    expect(() => play('n1 campaign', 'n2 campaign')).toThrow(/n1 and n2 both lead term 1/);
  });

  it('a directive that means nothing is refused with its line', () => {
    expect(() => play('n1 dance')).toThrow(/line 4: n1 dance: "dance" is nothing that a node does/);
    expect(() => play('n9 campaign')).toThrow(/n9 is no node of this scenario/);
    expect(() => play('deliver')).toThrow(/no such message is under way/);
    expect(() => play('n1 crash', 'n1 campaign')).toThrow(/n1 is down/);
  });
});
