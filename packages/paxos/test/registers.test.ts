import { createMembership, encodeUtf8 } from '@synod/core';
import { checkHistory } from '@synod/linearizability';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ballotOf,
  type QuorumRule,
  type RegisterAnswer,
  type RegisterEffects,
  type RegisterMessage,
  RegisterNode,
  type RegisterSave,
  type RegisterVote,
} from '../src/index.js';
import { noticed, type RegisterQuestion, RegistersOnStage, textRegister } from './registers-on-stage.js';
import type { StageEffects, Weather } from './stage.js';

type Tamper = (effects: RegisterEffects) => StageEffects<RegisterMessage, RegisterSave>;

const membership = createMembership(['n1', 'n2', 'n3']);

/** A question drawn at random, with a text that no other has. */
function draw(registers: RegistersOnStage, number: number): RegisterQuestion {
  const { random } = registers.stage;
  const key = `k${random.integer(0, 2)}`;
  const text = `.${number}`;
  const last = registers.history.findLast(({ input }) => input.key === key)?.output?.after ?? '';
  switch (random.integer(0, 5)) {
    case 0:
      return { key, type: 'read' };
    case 1:
      return { key, type: 'write', text: random.chance(0.2) ? '' : text };
    case 2:
      return { key, type: 'compareAndSet', from: last, text };
    default:
      return { key, type: 'append', text };
  }
}

/** A storm, and then fair weather in which everybody is answered. */
function weathered(registers: RegistersOnStage, weather: Weather): RegistersOnStage {
  const { stage, ids } = registers;
  for (let step = 0; step < 500; step++) {
    const id = ids[stage.random.integer(0, ids.length)] ?? '';
    if (stage.random.chance(0.08)) registers.ask(id, draw(registers, step));
    else stage.happen(weather);
  }
  stage.rest(300);
  for (const key of ['k0', 'k1']) {
    registers.ask('n1', { key, type: 'read' });
    stage.rest(80);
  }
  return registers;
}

function verdictOn(registers: RegistersOnStage): string {
  return checkHistory(textRegister, noticed(registers.history), { stepsMax: 2_000_000 }).verdict;
}

describe('registers', () => {
  it('change in two round trips at first, and in one while nobody else does', () => {
    const registers = new RegistersOnStage(1, 3);
    const { stage } = registers;
    const messagesOf = (question: RegisterQuestion) => {
      const before = stage.sent;
      registers.ask('n1', question);
      stage.settle();
      return stage.sent - before;
    };
    expect(messagesOf({ key: 'k', type: 'write', text: 'a' })).toBe(8);
    expect(messagesOf({ key: 'k', type: 'append', text: 'b' })).toBe(4);
    expect(messagesOf({ key: 'k', type: 'read' })).toBe(4);
    expect(registers.history.map(({ output }) => output?.after)).toEqual(['a', 'ab', 'ab']);
    expect(stage.node('n1').status('k').hasPromise).toBe(true);
  });

  it('are found by every node, which takes the promise over, and the first comes back by asking for it again', () => {
    const registers = new RegistersOnStage(2, 3);
    for (const [node, text] of [
      ['n1', 'a'],
      ['n2', 'b'],
      ['n1', 'c'],
      ['n3', 'd'],
    ] as const) {
      registers.ask(node, { key: 'k', type: 'append', text });
      registers.stage.rest(80);
    }
    expect(registers.history.map(({ output }) => output?.after)).toEqual(['a', 'ab', 'abc', 'abcd']);
  });

  it('take all changes that wait for one key in one round', () => {
    const registers = new RegistersOnStage(3, 3);
    const { stage } = registers;
    registers.ask('n1', { key: 'k', type: 'append', text: '0' });
    for (let number = 1; number <= 9; number++)
      registers.ask('n1', { key: 'k', type: 'append', text: `${number}` });
    stage.settle();
    expect(registers.history.at(-1)?.output).toEqual({ before: '012345678', after: '0123456789' });
    expect(stage.sent).toBe(8);
  });

  it.each<readonly [string, number, QuorumRule]>([
    ['majorities of 3', 3, { type: 'majority' }],
    ['majorities of 5', 5, { type: 'majority' }],
    ['4 and 2 of 5', 5, { type: 'sizes', phase1: 4, phase2: 2 }],
  ])(
    'are linearizable in any weather with %s, each change once, and all are answered once it is fair',
    (_, nodes, quorums) => {
      const refused = new Map<string, number>();
      fc.assert(
        fc.property(fc.nat(), fc.nat(50), fc.nat(50), fc.nat(15), (seed, loss, duplicates, crash) => {
          // A reservation of few rounds is used up and renewed within a run.
          const registers = new RegistersOnStage(seed, nodes, quorums, { reservedRounds: 3, batchMax: 3 });
          weathered(registers, { loss: loss / 100, duplicates: duplicates / 100, crash: crash / 1000 });
          expect(registers.open.size).toBe(0);
          for (const [code, count] of registers.refusals) refused.set(code, (refused.get(code) ?? 0) + count);
          expect(verdictOn(registers)).toBe('linearizable');
        }),
        { numRuns: 120 },
      );
      expect([...refused.keys()]).toEqual(['OUTCOME_UNKNOWN']);
    },
    120_000,
  );

  it.each<readonly [string, Tamper]>([
    [
      'promises leave before they are durable',
      ({ save, sendNow, sendAfterSave }) => ({
        save,
        sendNow: [...sendNow, ...sendAfterSave.filter(({ type }) => type === 'promise')],
        sendAfterSave: sendAfterSave.filter(({ type }) => type !== 'promise'),
      }),
    ],
    [
      'promises report no vote',
      (effects) => ({
        ...effects,
        sendAfterSave: effects.sendAfterSave.map((message) =>
          message.type === 'promise' ? { ...message, vote: undefined } : message,
        ),
      }),
    ],
    [
      'no vote is ever saved',
      (effects) => ({ ...effects, save: effects.save && { ...effects.save, records: [] } }),
    ],
  ])(
    'are found out when %s',
    (_, tamper) => {
      const quorums = { type: 'sizes', phase1: 4, phase2: 2 } as const;
      const verdicts = new Set<string>();
      for (let seed = 0; seed < 200 && !verdicts.has('not linearizable'); seed++) {
        const registers = new RegistersOnStage(seed, 5, quorums, {}, tamper);
        verdicts.add(verdictOn(weathered(registers, { loss: 0.1, duplicates: 0.1, crash: 0.02 })));
      }
      expect(verdicts).toContain('not linearizable');
    },
    60_000,
  );

  it('say so when a change fails, and leave the register as it was', () => {
    const node = new RegisterNode({
      id: 'n1',
      membership: createMembership(['n1']),
      seed: 1,
      valueBytesMax: 3,
      pendingMax: 3,
    });
    const answers: RegisterAnswer[] = [];
    const run = () => {
      for (let effects = node.takeEffects(); effects !== undefined; effects = node.takeEffects()) {
        answers.push(...effects.answers);
        if (effects.save !== undefined) node.step({ type: 'saved', sequence: effects.save.sequence });
      }
    };
    node.step({ type: 'change', id: 1, key: 'k', change: () => encodeUtf8('abc') });
    run();
    node.step({ type: 'change', id: 2, key: 'k', change: () => encodeUtf8('abcd') });
    run();
    node.step({
      type: 'change',
      id: 3,
      key: 'k',
      change: () => {
        throw new Error('no luck');
      },
    });
    run();
    node.step({ type: 'change', id: 4, key: '\ud800', change: (now) => now });
    for (const id of [5, 6, 7, 8]) node.step({ type: 'change', id, key: 'k', change: (now) => now });
    run();
    expect(answers.map((answer) => [answer.id, answer.type === 'changed' ? 'changed' : answer.code])).toEqual(
      [
        [1, 'changed'],
        [2, 'TOO_LARGE'],
        [3, 'CHANGE_FAILED'],
        [4, 'TOO_LARGE'],
        [8, 'OVERLOADED'],
        [5, 'changed'],
        [6, 'changed'],
        [7, 'changed'],
      ],
    );
    expect(answers.at(-1)).toMatchObject({ after: encodeUtf8('abc') });
    expect(answers.every((answer) => answer.type === 'changed' || answer.effect === 'none')).toBe(true);
  });

  it('give a promise and a vote only with the save that holds them', () => {
    const node = new RegisterNode({ id: 'n2', membership, seed: 1 });
    const ballot = ballotOf(1, 1);
    const next = ballotOf(2, 1);
    const value = encodeUtf8('a');
    const request = { from: 'n1', to: 'n2', key: 'k', ballot } as const;
    node.step({ type: 'receive', message: { ...request, type: 'prepare' } });
    const promise = node.takeEffects();
    expect([promise?.sendNow.length, promise?.save?.records.length]).toEqual([0, 1]);
    expect(promise?.sendAfterSave.map(({ type }) => type)).toEqual(['promise']);
    node.step({ type: 'receive', message: { ...request, type: 'accept', value, next } });
    const vote = node.takeEffects();
    expect([vote?.sendNow.length, vote?.save?.records.length]).toEqual([0, 1]);
    expect(vote?.sendAfterSave.map(({ type }) => type)).toEqual(['accepted']);
    const records = vote?.save?.records ?? [];
    const again = new RegisterNode({
      id: 'n2',
      membership,
      seed: 1,
      recovered: { roundsThrough: 0, records },
    });
    const lower = { ...request, from: 'n3', ballot: ballotOf(1, 3) } as const;
    again.step({ type: 'receive', message: { ...lower, type: 'prepare' } });
    expect(again.takeEffects()?.sendAfterSave).toMatchObject([{ type: 'refused', promised: next }]);
    again.step({ type: 'receive', message: { ...lower, ballot: ballotOf(2, 3), type: 'prepare' } });
    expect(again.takeEffects()?.sendAfterSave).toMatchObject([{ type: 'promise', vote: { ballot, value } }]);
  });

  it('answer each change once, though one fails in a second attempt and the first turns out to be in', () => {
    const node = new RegisterNode({
      id: 'n4',
      membership: {
        ...membership,
        members: [...membership.members, { id: 'n4', ordinal: 4, role: 'learner' }],
      },
      seed: 1,
    });
    const answers: RegisterAnswer[] = [];
    const saves: number[] = [];
    /** What the node asks for next. Its own answers, which would tell it more, wait for the disk if they are to. */
    const request = (disk: 'quick' | 'slow' = 'quick') => {
      const effects = node.takeEffects();
      answers.push(...(effects?.answers ?? []));
      if (effects?.save !== undefined) saves.push(effects.save.sequence);
      if (disk === 'quick') for (const sequence of saves.splice(0)) node.step({ type: 'saved', sequence });
      const [message] = [...(effects?.sendNow ?? []), ...(effects?.sendAfterSave ?? [])];
      if (message?.type !== 'prepare' && message?.type !== 'accept') throw new Error('nothing is asked for');
      return message;
    };
    const reply = { to: 'n4', key: 'k' } as const;
    const promise = (ballot: number, from: string, vote?: RegisterVote) =>
      node.step({ type: 'receive', message: { ...reply, from, type: 'promise', ballot, vote } });
    const outbid = (ballot: number) => {
      for (const from of ['n2', 'n3'])
        node.step({
          type: 'receive',
          message: { ...reply, from, type: 'refused', ballot, promised: ballot + 4096 },
        });
      for (let tick = 0; tick < 8; tick++) node.step({ type: 'tick' });
    };
    node.step({ type: 'change', id: 1, key: 'k', change: (now) => now });
    node.step({
      type: 'change',
      id: 2,
      key: 'k',
      change: (now) => {
        if (now === undefined) throw new Error('there is nothing yet');
        return encodeUtf8('b');
      },
    });
    const first = request().ballot;
    promise(first, 'n1', { ballot: ballotOf(1, 1), value: encodeUtf8('a') });
    promise(first, 'n2');
    const attempt = request();
    expect(attempt.type).toBe('accept');
    outbid(attempt.ballot);
    const second = request('slow').ballot;
    promise(second, 'n2');
    promise(second, 'n3');
    outbid(request().ballot);
    const third = request('slow').ballot;
    const { value } = attempt.type === 'accept' ? attempt : { value: undefined };
    promise(third, 'n1', { ballot: attempt.ballot, value });
    promise(third, 'n2');
    const last = request().ballot;
    for (const from of ['n1', 'n2'])
      node.step({ type: 'receive', message: { ...reply, from, type: 'accepted', ballot: last } });
    answers.push(...(node.takeEffects()?.answers ?? []));
    expect(
      answers.map(({ id, ...answer }) => [id, answer.type, 'effect' in answer ? answer.effect : '']),
    ).toEqual([
      [2, 'refused', 'unknown'],
      [1, 'changed', ''],
    ]);
  });

  it('issue no ballot before it is durable that they do, and none of an earlier life', () => {
    const make = (roundsThrough: number) =>
      new RegisterNode({
        id: 'n1',
        membership,
        seed: 1,
        reservedRounds: 4,
        recovered: { roundsThrough, records: [] },
      });
    const node = make(0);
    node.step({ type: 'change', id: 1, key: 'a', change: (now) => now });
    const first = node.takeEffects();
    expect(first?.sendNow).toEqual([]);
    expect(first?.save?.roundsThrough).toBe(4);
    node.step({ type: 'saved', sequence: 1 });
    node.step({ type: 'change', id: 2, key: 'b', change: (now) => now });
    const second = node.takeEffects();
    expect(second?.save?.roundsThrough).toBeUndefined();
    expect(second?.sendNow.map(({ type }) => type)).toEqual(['prepare', 'prepare']);
    const again = make(4);
    again.step({ type: 'change', id: 1, key: 'a', change: (now) => now });
    const issued = [...(first?.sendAfterSave ?? []), ...(second?.sendNow ?? [])].map(({ ballot }) => ballot);
    expect(again.takeEffects()?.sendAfterSave[0]?.ballot).toBeGreaterThan(Math.max(...issued));
  });

  it('forget the promise that rests longest when they hold too many', () => {
    const registers = new RegistersOnStage(4, 3, { type: 'majority' }, { promisedKeysMax: 2 });
    for (const key of ['a', 'b', 'c']) {
      registers.ask('n1', { key, type: 'write', text: key });
      registers.stage.settle();
    }
    const node = registers.stage.node('n1');
    expect(['a', 'b', 'c'].map((key) => node.status(key).hasPromise)).toEqual([false, true, true]);
  });
});
