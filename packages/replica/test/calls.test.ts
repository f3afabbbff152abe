import {
  createMembership,
  encodeUtf8,
  InvalidArgumentError,
  type Refusal,
  type RefusalCode,
} from '@synod/core';
import { describe, expect, it } from 'vitest';
import { add } from './counter.js';
import { settled } from './scripted-engine.js';
import { openSolo, stateOf } from './solo.js';

/** A replica whose engine takes proposals and reads and says nothing to them. */
const openSilent = (limits = {}) => openSolo({ actsAlone: false, group: { limits } });

describe('propose', () => {
  it('resolves with index, term and the answer of the state machine', async () => {
    const { replica } = await openSolo();
    expect(await replica.propose(add(4))).toEqual({ index: 1, term: 1, result: { total: 4, commands: 1 } });
    expect(await replica.propose(add(5))).toEqual({ index: 2, term: 1, result: { total: 9, commands: 2 } });
  });

  it('hands all proposals of one turn over in one input, for one save', async () => {
    const { replica, engine, storage } = await openSolo();
    const results = await Promise.all(Array.from({ length: 1000 }, () => replica.propose(add(1))));
    expect(results.map(({ result }) => result.total)).toEqual(
      Array.from({ length: 1000 }, (_, at) => at + 1),
    );
    expect(engine.inputsOf('propose').length).toBe(1);
    expect(storage.stats()).toMatchObject({ saves: 1, entries: 1000 });
    expect(replica.metrics()).toMatchObject({ proposals: 1000, proposalBatches: 1, pendingProposals: 0 });
  });

  it('answers each caller with its own result, however they overlap', async () => {
    const { replica, counter } = await openSolo();
    let sum = 0;
    const rounds = Array.from({ length: 200 }, async (_, round) => {
      await settled(round % 5);
      const { result } = await replica.propose(add(round % 7));
      sum += round % 7;
      return result.commands;
    });
    const places = await Promise.all(rounds);
    expect(new Set(places).size).toBe(200);
    expect(counter.total).toBe(sum);
  });

  const refusals: readonly [RefusalCode, Partial<Refusal>, object][] = [
    ['NOT_LEADER', { leader: 'n2' }, { code: 'NOT_LEADER', effect: 'none', retryable: true, leader: 'n2' }],
    ['NO_LEADER', {}, { code: 'NO_LEADER', effect: 'none', retryable: true, leader: undefined }],
    ['OVERLOADED', {}, { code: 'OVERLOADED', effect: 'none', retryable: true }],
    ['TOO_LARGE', {}, { code: 'TOO_LARGE', effect: 'none', retryable: false }],
    ['SUPERSEDED', {}, { code: 'SUPERSEDED', effect: 'none', retryable: true }],
    ['UNSUPPORTED', {}, { code: 'UNSUPPORTED', effect: 'none', retryable: false }],
    ['NOT_READY', {}, { code: 'NOT_READY', effect: 'none', retryable: true }],
    ['CONFLICT', {}, { code: 'CONFLICT', effect: 'none', retryable: false }],
    ['INVALID', {}, { code: 'INVALID_ARGUMENT', effect: 'none', retryable: false }],
    ['ABORTED', {}, { code: 'TIMED_OUT', effect: 'none', retryable: true }],
    ['OUTCOME_UNKNOWN', {}, { code: 'OUTCOME_UNKNOWN', effect: 'unknown', retryable: false }],
    ['NOT_LEADER', { effect: 'unknown' }, { code: 'OUTCOME_UNKNOWN', effect: 'unknown' }],
  ];
  it.each(refusals)('is refused with %s %o as %o', async (code, more, expected) => {
    const { replica, engine } = await openSilent();
    engine.onStep = (input) => {
      if (input.type !== 'propose') return;
      const subject = { type: 'proposal' as const, proposal: input.commands[0]?.proposal ?? 0 };
      engine.emit({ refused: [{ subject, code, effect: 'none', reason: 'the test says so', ...more }] });
    };
    await expect(replica.propose(add(1))).rejects.toMatchObject(expected);
    await expect(replica.propose(add(1))).rejects.toThrow(/the test says so/);
  });

  it('refuses what is larger than a command may be, and what too many wait before', async () => {
    const { replica } = await openSilent({
      commandBytesMax: 10,
      pendingProposalsMax: 2,
      pendingBytesMax: 15,
    });
    const tooLarge = { code: 'TOO_LARGE', effect: 'none' };
    await expect(replica.propose(new Uint8Array(11))).rejects.toMatchObject(tooLarge);
    const first = replica.propose(new Uint8Array(10));
    await expect(replica.propose(new Uint8Array(6))).rejects.toMatchObject({
      code: 'OVERLOADED',
      effect: 'none',
    });
    const second = replica.propose(new Uint8Array(5));
    await expect(replica.propose(new Uint8Array(0))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await stateOf(Promise.race([first, second]))).toBe('pending');
  });

  it('has room again for the bytes of a proposal that ended, in whatever way', async () => {
    const { replica, tick } = await openSilent({ pendingBytesMax: 10 });
    const controller = new AbortController();
    const aborted = replica.propose(new Uint8Array(10), { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(replica.propose(new Uint8Array(10), { signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await expect(replica.propose(new Uint8Array(10), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const late = replica.propose(new Uint8Array(10), { timeoutMs: 15 });
    await Promise.all([
      expect(late).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' }),
      settled().then(() => tick(4)),
    ]);
    expect(await stateOf(replica.propose(new Uint8Array(10)))).toBe('pending');
    await expect(replica.propose(new Uint8Array(1))).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('ends as unknown when its time is up after it was handed over, not before that time', async () => {
    const { replica, tick } = await openSilent();
    const outcome = replica.propose(add(1), { timeoutMs: 30 });
    await settled();
    await tick(3);
    expect(await stateOf(outcome)).toBe('pending');
    await tick(1);
    await expect(outcome).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
  });

  it('ends as definite when its time is up, or it is aborted, while it still waits for the disk', async () => {
    const solo = await openSolo({
      actsAlone: false,
      holdsSaves: true,
      group: { limits: { savesInFlightMax: 1 } },
    });
    const { replica, engine, saves, clock } = solo;
    engine.emit({ save: engine.write() });
    replica.campaign();
    await settled();
    const controller = new AbortController();
    const aborted = replica.propose(add(1), { signal: controller.signal });
    const late = replica.propose(add(1), { timeoutMs: 10 });
    await settled();
    controller.abort(new Error('no longer wanted'));
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', effect: 'none' });
    clock.advance(20);
    clock.advance(20);
    await expect(late).rejects.toMatchObject({ code: 'TIMED_OUT', effect: 'none' });
    await saves.release();
    expect(engine.inputsOf('propose')).toEqual([]);
  });

  it('ends as unknown when it is aborted after it was handed over, with the reason of the signal', async () => {
    const { replica } = await openSilent();
    const controller = new AbortController();
    const outcome = replica.propose(add(1), { signal: controller.signal });
    await settled();
    const reason = new Error('no longer wanted');
    controller.abort(reason);
    await expect(outcome).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      effect: 'unknown',
      cause: reason,
    });
  });

  it('is refused as an argument when it is no bytes, before it could harm the engine', async () => {
    const { replica } = await openSilent();
    const text: unknown = 'add 1';
    // @ts-expect-error what a caller in plain JavaScript can do
    await expect(replica.propose(text)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', effect: 'none' });
  });

  it('shares one listener among all calls with the same signal, and lets go of it', async () => {
    const { replica } = await openSolo();
    const { signal } = new AbortController();
    let listeners = 0;
    const listen = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof listen>) => {
      listeners++;
      listen(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    const proposals = Array.from({ length: 100 }, () => replica.propose(add(1), { signal }));
    expect(listeners).toBe(1);
    await Promise.all(proposals);
    expect(listeners).toBe(0);
  });

  it('that was given up still applies, and disturbs nobody', async () => {
    const { replica, counter, saves, clock } = await openSolo({ holdsSaves: true });
    const outcome = replica.propose(add(3), { timeoutMs: 5 });
    await settled();
    clock.advance(10);
    clock.advance(10);
    await expect(outcome).rejects.toMatchObject({ effect: 'unknown' });
    await saves.release();
    expect(counter.total).toBe(3);
  });
});

describe('changeMembership', () => {
  it('refuses a target that keeps no rule of memberships', async () => {
    const { replica } = await openSilent();
    await expect(replica.changeMembership({ members: [], outgoingVoters: [] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('resolves when the change is committed here', async () => {
    const { replica, engine } = await openSilent();
    const target = createMembership(['n1', 'n2']);
    let committed = 0;
    engine.onStep = (input) => {
      if (input.type !== 'changeMembership') return;
      const data = new Uint8Array([2, 2, ...encodeUtf8('n1'), 1, 1, 2, ...encodeUtf8('n2'), 2, 1, 0]);
      const index = ++committed;
      engine.emit({ committed: [{ index, term: 3, kind: 'membership', data, proposal: input.proposal }] });
    };
    expect(await replica.changeMembership(target)).toEqual({ index: 1, term: 3, result: undefined });
    expect(engine.inputsOf('changeMembership')[0]?.change).toEqual({ target, admitLagging: false });
    await replica.changeMembership(target, { admitLagging: true });
    expect(engine.inputsOf('changeMembership')[1]?.change).toEqual({ target, admitLagging: true });
    await replica.changeMembership(target, { ifMembershipIndex: 1 });
    expect(engine.inputsOf('changeMembership')[2]?.change).toMatchObject({ ifMembershipIndex: 1 });
    await expect(replica.changeMembership(target, { ifMembershipIndex: -1 })).rejects.toThrow(
      /ifMembershipIndex is -1/,
    );
  });

  it('says what to wait for when it is refused for now', async () => {
    const { replica, engine } = await openSilent();
    engine.onStep = (input) => {
      if (input.type !== 'changeMembership') return;
      const subject = { type: 'proposal' as const, proposal: input.proposal };
      engine.emit({ refused: [{ subject, code: 'NOT_READY', effect: 'none', reason: 'n4 is behind' }] });
    };
    await expect(replica.changeMembership(createMembership(['n1', 'n2']))).rejects.toMatchObject({
      code: 'NOT_READY',
      retryable: true,
      message: 'n4 is behind',
    });
  });
});

describe('read', () => {
  it('shares one barrier among all reads of a turn', async () => {
    const { replica, engine, counter } = await openSolo();
    await replica.propose(add(2));
    const values = await Promise.all(Array.from({ length: 100 }, () => replica.read(() => counter.total)));
    expect(new Set(values)).toEqual(new Set([2]));
    expect(engine.inputsOf('read').length).toBe(1);
    expect(replica.metrics()).toMatchObject({ reads: 100, readBarriers: 1, pendingReads: 0 });
  });

  it('asks for a barrier of its own after one was asked for', async () => {
    const { replica, engine } = await openSilent();
    const reads = [replica.read(() => 1)];
    await settled();
    reads.push(replica.read(() => 2));
    await settled();
    expect(engine.inputsOf('read').map(({ context }) => context)).toEqual([1, 2]);
    engine.emit({ reads: [{ context: 1, index: 0 }] });
    replica.campaign();
    expect(await reads[0]).toBe(1);
    expect(await stateOf(reads[1] ?? Promise.resolve())).toBe('pending');
  });

  it('passes the wish for a lease on', async () => {
    const { replica, engine } = await openSolo();
    await Promise.all([replica.read(() => 1, { mode: 'lease' }), replica.read(() => 1)]);
    expect(engine.inputsOf('read').map(({ mode }) => mode)).toEqual(['index', 'lease']);
  });

  it('of a mode that does not exist is refused', async () => {
    const { replica } = await openSilent();
    const mode: unknown = 'stale';
    // @ts-expect-error what a caller in plain JavaScript can do
    await expect(replica.read(() => 1, { mode })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(replica.status().pendingReads).toBe(0);
  });

  it('rejects with what its query throws, and the replica goes on', async () => {
    const { replica } = await openSolo();
    await expect(replica.read(() => BigInt(0.5))).rejects.toBeInstanceOf(RangeError);
    expect(await replica.read(() => 7)).toBe(7);
  });

  it('is refused, times out and is aborted without effect', async () => {
    const { replica, engine, tick } = await openSilent({ pendingReadsMax: 2 });
    const controller = new AbortController();
    const late = replica.read(() => 1, { timeoutMs: 15 });
    const aborted = replica.read(() => 1, { signal: controller.signal });
    await expect(replica.read(() => 1)).rejects.toMatchObject({ code: 'OVERLOADED', effect: 'none' });
    await settled();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', effect: 'none' });
    await Promise.all([expect(late).rejects.toMatchObject({ code: 'TIMED_OUT', effect: 'none' }), tick(4)]);
    engine.onStep = (input) => {
      if (input.type !== 'read') return;
      const subject = { type: 'read' as const, context: input.context };
      engine.emit({
        refused: [{ subject, code: 'NOT_LEADER', effect: 'none', leader: 'n3', reason: 'it stepped down' }],
      });
    };
    await expect(replica.read(() => 1)).rejects.toMatchObject({
      code: 'NOT_LEADER',
      effect: 'none',
      leader: 'n3',
    });
  });
});

describe('the leader', () => {
  it('is waited for, and known at once afterwards', async () => {
    const { replica, engine, tick } = await openSilent();
    const waiting = replica.waitForLeader();
    const late = replica.waitForLeader({ timeoutMs: 5 });
    await Promise.all([expect(late).rejects.toMatchObject({ code: 'TIMED_OUT' }), tick(3)]);
    expect(replica.leader).toBeUndefined();
    engine.emit({ events: [{ type: 'leaderChanged', leader: 'n1', term: 2 }] });
    replica.campaign();
    expect(await waiting).toBe('n1');
    expect(await replica.waitForLeader()).toBe('n1');
    expect(replica.isLeader).toBe(true);
  });

  it('hands over: resolves with the next leader, or rejects with the refusal', async () => {
    const { replica, engine } = await openSilent();
    engine.emit({ events: [{ type: 'leaderChanged', leader: 'n1', term: 2 }] });
    const moved = replica.transferLeadership('n3');
    await settled();
    expect(engine.inputsOf('transferLeadership')).toEqual([{ type: 'transferLeadership', to: 'n3' }]);
    expect(await stateOf(moved)).toBe('pending');
    engine.emit({ events: [{ type: 'leaderChanged', leader: undefined, term: 3 }] });
    engine.emit({ events: [{ type: 'leaderChanged', leader: 'n3', term: 3 }] });
    replica.campaign();
    expect(await moved).toBe('n3');
    engine.onStep = (input) => {
      if (input.type !== 'transferLeadership') return;
      const subject = { type: 'transfer' as const };
      engine.emit({
        refused: [{ subject, code: 'UNSUPPORTED', effect: 'none', reason: 'not in this engine' }],
      });
    };
    await expect(replica.transferLeadership()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('forgetting the leader', () => {
  it('tells the engine at once', async () => {
    const { replica, engine } = await openSilent();
    replica.forgetLeader();
    expect(engine.inputsOf('forgetLeader')).toHaveLength(1);
  });
});

describe('asking for a snapshot', () => {
  it('tells the engine at once', async () => {
    const { replica, engine } = await openSilent();
    replica.requestSnapshot();
    expect(engine.inputsOf('requestSnapshot')).toHaveLength(1);
  });
});

describe('other timing', () => {
  it('goes to the engine, and timing out of its range to the caller alone', async () => {
    const { replica, engine } = await openSilent();
    replica.retime({ electionTicks: 20 });
    expect(engine.inputsOf('retime')).toEqual([{ type: 'retime', timing: { electionTicks: 20 } }]);
    engine.onStep = (input) => {
      if (input.type === 'retime') throw new InvalidArgumentError('electionTicks is 0');
    };
    expect(() => replica.retime({ electionTicks: 0 })).toThrow(/electionTicks is 0/);
    expect(replica.status().state).toBe('running');
  });
});
