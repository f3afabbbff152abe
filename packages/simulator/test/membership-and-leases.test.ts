// Operators change members and replace nodes while faults strike, and leaders answer reads by their leases: every rule
// holds where clocks keep their promise, and a clock that breaks it is found.
import { createRaftEngine } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import { drawScript, type PlainFault, runScript, type Script, simulate } from '../src/index.js';
import { raft, registersOnRaft } from './raft-under-test.js';

const onLeases: typeof registersOnRaft = {
  ...registersOnRaft,
  engine: {
    ...raft,
    create: (start, _settings, { clockDriftMax }) =>
      createRaftEngine({ ...start, ...(clockDriftMax === undefined ? {} : { lease: { driftTicks: 3 } }) }),
  },
};

/** The same, but nobody can see who has a lease: the engine is judged by what it answers alone. */
const onSecretLeases: typeof registersOnRaft = {
  ...onLeases,
  engine: {
    ...onLeases.engine,
    create: (start, settings, clocks) => {
      const engine = onLeases.engine.create(start, settings, clocks);
      return {
        kind: engine.kind,
        id: engine.id,
        group: engine.group,
        step: (input) => engine.step(input),
        takeEffects: () => engine.takeEffects(),
        status: () => {
          const { leaseTicksLeft: _, ...shown } = engine.status();
          return shown;
        },
        clone: () => engine.clone(),
        fingerprint: (view) => engine.fingerprint(view),
      };
    },
  },
};

/** Fair weather and quick clients, so that only what a test puts into it goes wrong. */
function quiet(seed: number, more: Partial<Script>, faults: readonly PlainFault[]): Script {
  const drawn = drawScript(seed, { nodes: 3, ticks: 600, faults: [] });
  const weather = {
    ...drawn.weather,
    delayLeastUs: 500,
    delayMeanUs: 500,
    syncUs: 500,
    turnUs: 0,
    applyUs: 0,
    clients: 5,
    thinkUs: 50_000,
    strayChance: 0.5,
    clockDriftMax: 0.1,
  };
  const steps = faults.map((fault, position) => ({ atUs: 5_000_000 + position * 2_000_000, fault }));
  return { ...drawn, ...more, weather, steps };
}

describe('operators', () => {
  const nothing = { voters: [], learners: [], leave: [], admitLagging: false };

  it('make a spare node a learner, then a voter, then the leader; the first three may leave', () => {
    const admitted = { ...nothing, voters: ['n4', 'n5', 'n6'], admitLagging: true };
    const script = quiet(1, { spares: 3 }, [
      { type: 'changeMembers', node: 'leader', plan: { ...nothing, learners: ['n4'] } },
      { type: 'changeMembers', node: 'leader', plan: admitted },
      { type: 'transfer', node: 'leader', to: 'n4' },
      { type: 'changeMembers', node: 'n4', plan: { ...nothing, leave: ['n1', 'n2', 'n3'] } },
    ]);
    const { finding, coverage } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['change of members done']).toBe(3);
    expect(coverage['joint membership']).toBeGreaterThanOrEqual(2);
    expect(coverage['leadership handed over']).toBe(1);
  });

  it('are refused what cannot be, with the reason', () => {
    const script = quiet(2, {}, [
      { type: 'changeMembers', node: 'leader', plan: { ...nothing, leave: ['n1', 'n2', 'n3'] } },
    ]);
    const { finding, coverage } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['change of members refused: INVALID']).toBe(1);
  });

  it('are refused a wish that names ordinals or outgoing voters as no operator may', () => {
    const flawed = (flaw: 'taken ordinal' | 'outgoing voters'): PlainFault => ({
      type: 'changeMembers',
      node: 'leader',
      plan: { ...nothing, voters: ['n4'], admitLagging: true, flaw },
    });
    const script = quiet(2, { spares: 1 }, [flawed('taken ordinal'), flawed('outgoing voters')]);
    const { finding, coverage } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['change of members refused: INVALID']).toBe(2);
    expect(coverage['members changed']).toBeUndefined();
  });

  it('remove whoever leads, and the others go on', () => {
    const script = quiet(6, {}, [
      { type: 'changeMembers', node: 'leader', plan: { ...nothing, leave: ['leader'] } },
    ]);
    const { finding, coverage, answered } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['leader removed itself']).toBe(1);
    expect(answered).toBeGreaterThan(100);
  });

  it('take a node back that has left, in the same term and with its own disk', () => {
    const plan = { ...nothing, leave: ['n1', 'n2'], backAfterUs: 1_000 };
    for (let seed = 0; seed < 4; seed++) {
      const script = quiet(seed, {}, [
        { type: 'transfer', node: 'leader', to: 'n3' },
        { type: 'changeMembers', node: 'n3', plan },
      ]);
      const { finding, coverage } = runScript(script, onLeases);
      expect(finding).toBeUndefined();
      expect(coverage['node rejoined in the same term']).toBe(2);
      expect(coverage['leavers taken back']).toBe(1);
    }
  });

  it('stop a node that has left, and nobody misses it', () => {
    const leave = { ...nothing, leave: ['n2'], stopUs: 1_000_000_000 };
    const script = quiet(7, { spares: 1 }, [
      { type: 'changeMembers', node: 'leader', plan: { ...nothing, voters: ['n4'], admitLagging: true } },
      { type: 'transfer', node: 'n2', to: 'n1' },
      { type: 'changeMembers', node: 'leader', plan: leave },
      { type: 'crash', node: 'n3', downUs: 4_000_000, whileSaving: false },
    ]);
    const { finding, coverage } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['removed node stopped']).toBe(1);
  });

  it('put a fresh node in the place of one whose disk is lost', () => {
    const script = quiet(3, { spares: 1 }, [{ type: 'replace', node: 'n2', by: 'n4' }]);
    const { finding, coverage } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['node replaced']).toBe(1);
    expect(coverage['disk wiped']).toBe(1);
  });

  it('never lose a second disk while the members still need the first', () => {
    const script = quiet(4, {}, [
      { type: 'wipe', node: 'n2' },
      { type: 'wipe', node: 'n3' },
    ]);
    expect(runScript(script, onLeases).faults.wipe).toBe(1);
  });

  it('who tell the nodes that their leader is gone get another one at once, and not otherwise', () => {
    const elections = (faults: readonly PlainFault[]): number => {
      const script = quiet(8, {}, []);
      const steps = faults.map((fault) => ({ atUs: 5_000_000, fault }));
      const { finding, coverage } = runScript({ ...script, calm: false, steps }, registersOnRaft);
      expect(finding).toBeUndefined();
      return coverage['leader elected'] ?? 0;
    };
    const forgets: readonly PlainFault[] = ['n1', 'n2', 'n3'].map((node) => ({ type: 'forgetLeader', node }));
    const campaign: PlainFault = { type: 'campaign', node: 'n1' };
    expect(elections(forgets)).toBe(1);
    expect(elections([campaign])).toBe(1);
    expect(elections([...forgets, campaign])).toBe(2);
  });

  it('change members in storms of crashes and partitions, and every rule holds', () => {
    const { failure, coverage } = simulate({
      ...onLeases,
      seeds: [1, 60],
      ticks: 400,
      faults: ['changeMembers', 'replace', 'retime', 'transfer', 'crash', 'isolate', 'partition', 'ambush'],
    });
    expect(failure).toBeUndefined();
    expect(coverage['change of members done']).toBeGreaterThan(10);
    expect(coverage['node replaced']).toBeGreaterThan(0);
  });
});

describe('leases', () => {
  const cutOff = (rate: number): readonly PlainFault[] => [
    { type: 'drift', node: 'leader', rate, forUs: 20_000_000 },
    { type: 'isolate', node: 'leader', direction: 'both', forUs: 6_000_000 },
  ];
  const findingsOf = (rate: number, subject: typeof onLeases) =>
    Array.from({ length: 10 }, (_, seed) => runScript(quiet(seed, {}, cutOff(rate)), subject)).map(
      ({ finding }) => finding?.invariant,
    );

  it('answer reads, and none is stale while clocks differ by no more than they promise', () => {
    expect(runScript(quiet(5, {}, []), onLeases).coverage['read answered by lease']).toBeGreaterThan(20);
    expect(findingsOf(0.95, onLeases)).toEqual(Array.from({ length: 10 }, () => undefined));
  });

  it('of a leader whose clock goes ten times slower are found out: by a stale read', () => {
    const findings = findingsOf(0.1, onSecretLeases);
    expect(findings).toContain('read freshness');
    expect(findings.every((name) => name === undefined || name === 'read freshness')).toBe(true);
  });

  it('of such a leader are found out before, where one can see them: another is elected', () => {
    expect(findingsOf(0.1, onLeases)).toEqual(Array.from({ length: 10 }, () => 'one lease'));
  });

  it('do not outlast a pause of the leader, whatever waited for it meanwhile', () => {
    const paused: readonly PlainFault[] = [{ type: 'pause', node: 'leader', forUs: 4_000_000 }];
    for (let seed = 0; seed < 10; seed++)
      expect(runScript(quiet(seed, {}, paused), onLeases).finding).toBeUndefined();
  });

  it('do not outlast a machine that was suspended, and no voter thinks that its leader is gone for it', () => {
    const suspended = (node: 'leader' | 'n1' | 'n2' | 'n3'): PlainFault => ({
      type: 'clockJump',
      node,
      ticks: 40,
    });
    const script = quiet(1, {}, [suspended('n1'), suspended('n2'), suspended('n3'), suspended('leader')]);
    const { finding, coverage, leaderTerms } = runScript(script, onLeases);
    expect(finding).toBeUndefined();
    expect(coverage['read answered by lease']).toBeGreaterThan(20);
    expect(leaderTerms).toBe(runScript(quiet(1, {}, []), onLeases).leaderTerms);
  });
});
