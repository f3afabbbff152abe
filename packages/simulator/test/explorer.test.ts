import { describe, expect, it } from 'vitest';
import { explore, type Model, SimulationViolation } from '../src/index.js';
import { singleDecreePaxos } from './single-decree-paxos.js';

type Clocks = readonly [number, number];

/** Two clocks of which either goes on by one, up to a limit. */
const clocks = (limit: number): Model<Clocks, 0 | 1> => ({
  initial: () => [[0, 0]],
  actions: () => [0, 1],
  next: ([left, right], which) => {
    const next: Clocks = which === 0 ? [left + 1, right] : [left, right + 1];
    return Math.max(...next) > limit ? undefined : next;
  },
  fold: ([left, right], hash) => hash.word(left).word(right),
});

describe('explore', () => {
  it('counts every state once, every step, and the longest of the shortest ways', () => {
    const { uniqueStates, transitions, depth, complete, counterexample } = explore(clocks(9));
    expect({ uniqueStates, transitions, depth, complete, counterexample }).toEqual({
      uniqueStates: 100,
      transitions: 180,
      depth: 18,
      complete: true,
      counterexample: undefined,
    });
  });

  it('grows to a million states and counts them right', () => {
    expect(explore(clocks(999)).uniqueStates).toBe(1_000_000);
  }, 30_000);

  it('gives the shortest way to a state that breaks a rule', () => {
    const always = [{ name: 'not both', holds: ([left, right]: Clocks) => left < 2 || right < 1 }];
    const { counterexample, complete } = explore({ ...clocks(9), always });
    expect(counterexample?.property).toBe('not both');
    expect([...(counterexample?.actions ?? [])].sort()).toEqual([0, 0, 1]);
    expect(complete).toBe(false);
  });

  it('takes a violation on the way for a counterexample, and its action for the last', () => {
    const model = clocks(9);
    const { counterexample } = explore({
      ...model,
      next: (state, which) => {
        if (state[0] === 2 && which === 1) throw new SimulationViolation('engine', 'it struck');
        return model.next(state, which);
      },
    });
    expect(counterexample).toEqual({ property: 'engine', message: 'engine: it struck', actions: [0, 0, 1] });
  });

  it('lets an error of the model through', () => {
    const next = () => {
      throw new TypeError('no model');
    };
    expect(() => explore({ ...clocks(3), next })).toThrow(TypeError);
  });

  it('says which hoped-for states were reached, on which shortest way, and which never', () => {
    const sometimes = [
      { name: 'two', holds: ([left]: Clocks) => left === 2 },
      { name: 'ten', holds: ([left]: Clocks) => left === 10 },
    ];
    const { reached, unreached } = explore({ ...clocks(3), sometimes });
    expect(reached.get('two')).toEqual([0, 0]);
    expect(unreached).toEqual(['ten']);
  });

  it('finds a way that ends before what must come has come', () => {
    const eventually = (name: string, holds: (state: Clocks) => boolean) =>
      explore({ ...clocks(3), eventually: [{ name, holds }] }).counterexample;
    expect(eventually('three', ([left]) => left === 3)).toBeUndefined();
    const never = eventually(
      'three while the other is at most one',
      ([left, right]) => left === 3 && right <= 1,
    );
    expect(never?.message).toContain('never comes to');
    expect(never?.actions).toHaveLength(6);
  });

  it('looks neither beyond the boundary nor beyond the limits, and says so', () => {
    expect(explore({ ...clocks(9), within: ([left]) => left < 5 }).uniqueStates).toBe(50);
    const shallow = explore(clocks(9), { depthMax: 3 });
    expect([shallow.uniqueStates, shallow.complete]).toEqual([10, false]);
    const few = explore(clocks(9), { statesMax: 20 });
    expect([few.uniqueStates, few.complete]).toEqual([20, false]);
    expect(() => explore(clocks(9), { statesMax: 0 })).toThrow(/statesMax/);
  });

  it('takes states of one folded form for one', () => {
    const model = clocks(9);
    const fold: typeof model.fold = ([left, right], hash) =>
      hash.word(Math.min(left, right)).word(Math.max(left, right));
    expect(explore({ ...model, fold }).uniqueStates).toBe(55);
  });

  it('tells of its progress', () => {
    let told = 0;
    explore(clocks(299), {
      onProgress: ({ uniqueStates }) => {
        told = uniqueStates;
      },
    });
    expect(told).toBe(65_536);
  });
});

describe('single-decree Paxos, like for like', () => {
  it('with 2 clients and 3 servers has the published 16 668 unique states, all linearizable', () => {
    const { uniqueStates, complete, counterexample, reached } = explore(
      singleDecreePaxos({ clients: 2, servers: 3 }),
    );
    expect({ uniqueStates, complete, counterexample }).toEqual({
      uniqueStates: 16_668,
      complete: true,
      counterexample: undefined,
    });
    expect(reached.get('value chosen')).toHaveLength(8);
  }, 60_000);
});
