import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { DeliveryReceiver, DeliverySender } from '../src/index.js';
import { bytesOf, Pair, sequencesOf, upTo } from './pair.js';

describe('acknowledgements when nothing is lost', () => {
  it.each([
    [1, 1],
    [7, 3],
    [8, 8],
    [9, 8],
    [100, 7],
    [1000, 64],
  ])('%i blocks acknowledged every %i: one for each full batch and one for the rest', (blocks, every) => {
    const pair = new Pair({}, { acknowledgeEvery: every }).open();
    pair.offer(blocks);
    pair.run();
    pair.wait(25);
    pair.run();
    expect(pair.delivered).toEqual(upTo(blocks));
    expect(pair.acknowledged).toBe(blocks);
    expect(pair.acknowledgements).toBe(Math.ceil(blocks / every));
  });

  it('the last block that was announced as such is acknowledged without delay', () => {
    const pair = new Pair({}, { acknowledgeEvery: 8 });
    pair.sender.step({
      type: 'offer',
      nowMs: 0,
      blocks: upTo(10).map((number) => Uint8Array.of(number, 0)),
    });
    pair.sender.step({ type: 'finish', nowMs: 0 });
    pair.open();
    expect(pair.acknowledgements).toBe(2);
    expect(pair.senderEvents.map(({ type }) => type)).toEqual(['opened', 'finished']);
    expect(pair.receiverEvents.map(({ type }) => type)).toEqual(['sessionOpened', 'ended']);
  });

  it('a batch above what may be in flight would wait for ever: then every window is acknowledged', () => {
    const pair = new Pair({ windowBlocks: 4 }, { acknowledgeEvery: 100 }).open();
    pair.offer(4);
    pair.run();
    expect(pair.acknowledged).toBe(4);
  });
});

describe('losses', () => {
  it('are repeated when three later transmissions arrived, without a timeout, and only they', () => {
    const pair = new Pair({}, { acknowledgeEvery: 2 }).open();
    pair.offer(10);
    let lost = 0;
    pair.run(({ sequence, transmission }) => sequence === 2 && transmission === 3 && ++lost > 0);
    pair.wait(25);
    pair.run();
    expect(lost).toBe(1);
    expect(pair.delivered).toEqual(upTo(10));
    expect(pair.sender.status()).toMatchObject({ sent: 11, retransmitted: 1, timeouts: 0, acknowledged: 10 });
  });

  it('a repetition that is lost too is found the same way', () => {
    const pair = new Pair({}, { acknowledgeEvery: 1 }).open();
    pair.offer(20);
    pair.run(({ sequence, transmission }) => sequence === 0 && transmission <= 21);
    // Nothing was sent behind the repetition, so the next blocks tell.
    pair.offer(5);
    pair.run();
    expect(pair.delivered).toEqual(upTo(25));
    expect(pair.sender.status().timeouts).toBe(0);
  });

  it.each([true, false])(
    'are found without a timeout in a window that has not three blocks, selective: %s',
    (selective) => {
      const pair = new Pair({ windowBlocks: 2 }, { acknowledgeEvery: 1, selective }).open();
      pair.offer(2);
      pair.run(({ sequence, transmission }) => sequence === 0 && transmission === 1);
      expect(pair.delivered).toEqual([0, 1]);
      expect(pair.sender.status().timeouts).toBe(0);
    },
  );

  it('of a receiver that keeps nothing early are repeated in order, with all that left behind them', () => {
    const pair = new Pair({}, { acknowledgeEvery: 1, selective: false }).open();
    pair.offer(6);
    const [first, , ...others] = pair.takeThere();
    for (const segment of [first, ...others]) pair.toReceiver(segment);
    for (const segment of pair.takeBack()) pair.toSender(segment);
    expect(sequencesOf(pair.takeThere())).toEqual([1, 2, 3, 4, 5]);
    expect(pair.receiver.status()).toMatchObject({ heldBlocks: 0, unheld: 4, next: 1 });
  });

  it('of the last block are found by the timeout, which doubles (RFC 6298 5.5)', () => {
    const pair = new Pair().open();
    pair.offer(1);
    pair.takeThere();
    const leftAt: number[] = [];
    for (let ms = 0; ms < 8000; ms += 5) {
      pair.wait(5);
      if (sequencesOf(pair.takeThere()).length > 0) leftAt.push(pair.nowMs);
    }
    // A second at first, and what the receiver may hold its acknowledgement back.
    expect(leftAt).toEqual([1025, 3050, 7075]);
    expect(pair.sender.status()).toMatchObject({ timeouts: 3, retransmitted: 3, inFlight: 1 });
  });

  it('reordering by less than three is no loss', () => {
    const pair = new Pair({}, { acknowledgeEvery: 1 }).open();
    pair.offer(4);
    const [first, second, third, fourth] = pair.takeThere();
    for (const segment of [second, third, first, fourth]) pair.toReceiver(segment);
    pair.run();
    expect(pair.delivered).toEqual(upTo(4));
    expect(pair.sender.status()).toMatchObject({ sent: 4, retransmitted: 0 });
    expect(pair.receiver.status()).toMatchObject({ outOfOrder: 2, duplicates: 0, heldBlocks: 0 });
  });

  it('reordering that looked like loss makes the sender more patient', () => {
    const pair = new Pair({}, { acknowledgeEvery: 1 }).open();
    pair.offer(8);
    const [late, ...others] = pair.takeThere();
    for (const segment of others) pair.toReceiver(segment);
    for (const segment of pair.takeBack()) pair.toSender(segment);
    expect(sequencesOf(pair.takeThere())).toEqual([0]);
    pair.toReceiver(late);
    for (const segment of pair.takeBack()) pair.toSender(segment);
    expect(pair.senderEvents).toContainEqual({ type: 'needlessRepetition', sequence: 0, reorderBlocks: 6 });
    expect(pair.sender.status()).toMatchObject({ needless: 1, reorderBlocks: 6 });
  });
});

describe('round trips', () => {
  it('are measured from blocks that were sent once', () => {
    const pair = new Pair({}, { acknowledgeEvery: 1 }).open();
    pair.offer(1);
    pair.wait(100);
    pair.run();
    expect(pair.sender.status()).toMatchObject({ smoothedRoundTripMs: 100, roundTripVariationMs: 50 });
  });

  it('are not measured from a block that was sent twice, whichever is answered (Karn)', () => {
    const pair = new Pair({}, { acknowledgeEvery: 1 }).open();
    pair.offer(1);
    pair.takeThere();
    pair.wait(1100);
    pair.run();
    expect(pair.sender.status()).toMatchObject({ acknowledged: 1, smoothedRoundTripMs: undefined });
  });
});

describe('back-pressure', () => {
  it('an offer beyond the window is handed back whole, and room is told when half of it is free', () => {
    const pair = new Pair({ windowBlocks: 4 }).open();
    const blocks = upTo(3).map((number) => Uint8Array.of(number));
    pair.sender.step({ type: 'offer', nowMs: 0, blocks });
    expect([pair.sender.roomBlocks, pair.sender.nextSequence]).toEqual([1, 3]);
    pair.sender.step({ type: 'offer', nowMs: 0, blocks });
    const effects = pair.sender.takeEffects();
    expect(effects?.refused).toEqual([
      { code: 'WINDOW_FULL', message: expect.stringContaining('room for 1'), blocks },
    ]);
    pair.there.push(...(effects?.send ?? []));
    pair.wait(0);
    pair.run();
    pair.wait(25);
    pair.run();
    expect(pair.senderEvents).toContainEqual({ type: 'writable', blocks: 4, bytes: 16 * 2 ** 20 });
  });

  it('counts bytes as well', () => {
    const pair = new Pair({ blockBytesMax: 10, windowBytes: 15 }).open();
    pair.sender.step({ type: 'offer', nowMs: 0, blocks: [new Uint8Array(10)] });
    pair.sender.step({ type: 'offer', nowMs: 0, blocks: [new Uint8Array(6)] });
    expect(pair.sender.takeEffects()?.refused.map(({ code }) => code)).toEqual(['WINDOW_FULL']);
  });

  it.each([
    ['a block above the limit', [new Uint8Array(11)]],
    ['more blocks than any window', upTo(9).map(() => new Uint8Array(1))],
    ['more bytes than any window', upTo(3).map(() => new Uint8Array(10))],
  ])('%s can never be taken', (_, blocks) => {
    const pair = new Pair({ blockBytesMax: 10, windowBlocks: 8, windowBytes: 25 }).open();
    pair.sender.step({ type: 'offer', nowMs: 0, blocks });
    expect(pair.sender.takeEffects()?.refused.map(({ code }) => code)).toEqual(['TOO_LARGE']);
    expect(pair.sender.status().heldBlocks).toBe(0);
  });

  it("the receiver's window holds the sender back, and a block in its turn needs none", () => {
    const pair = new Pair({}, { windowBlocks: 2, windowBytes: 65_536, blockBytesMax: 65_536 }).open();
    pair.offer(5);
    expect(sequencesOf(pair.takeThere())).toEqual([0, 1]);
  });

  it('no more is under way than was asked for', () => {
    const pair = new Pair({ inFlightBlocks: 3 }).open();
    pair.offer(10);
    expect(sequencesOf(pair.takeThere())).toEqual([0, 1, 2]);
    expect(pair.sender.status()).toMatchObject({ inFlight: 3, heldBlocks: 10 });
  });

  it('nothing is taken after the end was announced', () => {
    const pair = new Pair().open();
    pair.sender.step({ type: 'finish', nowMs: 0 });
    pair.sender.step({ type: 'offer', nowMs: 0, blocks: [new Uint8Array(1)] });
    expect(pair.sender.takeEffects()?.refused.map(({ code }) => code)).toEqual(['FINISHED']);
  });
});

describe('the retry budget', () => {
  it('keeps a dead link from being flooded: a burst, then a trickle', () => {
    const budget = { perBlock: 0, perSecond: 10, burst: 5 };
    const pair = new Pair({ retryBudget: budget }, { acknowledgeEvery: 1 }).open();
    pair.offer(40);
    const [first, ...others] = pair.takeThere();
    // All but the last are lost.
    pair.toReceiver(others.at(-1));
    for (const segment of pair.takeBack()) pair.toSender(segment);
    expect(sequencesOf(pair.takeThere())).toEqual([0, 1, 2, 3, 4]);
    expect(pair.senderEvents).toContainEqual({ type: 'budgetSpent', waiting: expect.any(Number) });
    pair.wait(1000);
    const trickle = sequencesOf(pair.takeThere());
    expect(trickle.length).toBeGreaterThanOrEqual(9);
    expect(trickle.length).toBeLessThanOrEqual(11);
    expect(first?.type).toBe('data');
  });
});

describe('a peer that is silent', () => {
  it('is called dead after the limit and three timeouts, and nothing is lost when it comes back', () => {
    const pair = new Pair({ deadAfterMs: 20_000 }, { acknowledgeEvery: 1 }).open();
    pair.offer(3);
    pair.takeThere();
    pair.wait(200_000);
    expect(pair.senderEvents.at(-1)).toEqual({ type: 'peerDead', silentMs: expect.any(Number) });
    expect(pair.sender.status().state).toBe('dead');
    expect(pair.sender.wakeAtMs).toBeUndefined();
    pair.takeThere();
    pair.open();
    expect(pair.delivered).toEqual([0, 1, 2]);
  });

  it('is not called dead by one giant step of time, as after a sleep of this machine', () => {
    const pair = new Pair({ deadAfterMs: 20_000 }).open();
    pair.offer(1);
    pair.takeThere();
    pair.nowMs = 10_000_000;
    pair.sender.step({ type: 'tick', nowMs: pair.nowMs });
    expect(pair.sender.status()).toMatchObject({ state: 'open', timeouts: 1 });
    pair.run();
    expect(pair.delivered).toEqual([0]);
  });

  it('owes nothing while nothing was sent: the time before does not count', () => {
    const pair = new Pair({ deadAfterMs: 20_000 }).open();
    pair.nowMs = 1_000_000;
    pair.offer(1);
    pair.takeThere();
    pair.wait(8000);
    expect(pair.sender.status()).toMatchObject({ state: 'open', timeouts: 3 });
  });
});

describe('an unordered channel', () => {
  it('delivers what comes, each once, and keeps no block', () => {
    const pair = new Pair({}, { ordered: false, acknowledgeEvery: 1 }).open();
    pair.offer(4);
    const [first, second, third, fourth] = pair.takeThere();
    for (const segment of [third, third, second, fourth, first, second]) pair.toReceiver(segment);
    expect(pair.delivered).toEqual([2, 1, 3, 0]);
    expect(pair.receiver.status()).toMatchObject({ duplicates: 2, heldBytes: 0, next: 4 });
  });
});

describe('what both ends are asked to be', () => {
  it('the same inputs give the same effects, byte for byte', () => {
    const trace = () => {
      const pair = new Pair({ jitter: 1, seed: 'same' }, { acknowledgeEvery: 1 });
      const bytes: string[] = [];
      pair.sender.step({ type: 'connect', nowMs: 0 });
      for (let round = 0; round < 20; round++) {
        pair.offer(3);
        const there = pair.takeThere();
        bytes.push(Buffer.from(bytesOf(...there)).toString('hex'));
        for (const [place, segment] of there.entries()) if ((place + round) % 3 > 0) pair.toReceiver(segment);
        for (const segment of pair.takeBack()) pair.toSender(segment);
        pair.wait(700);
      }
      return bytes;
    };
    expect(trace()).toEqual(trace());
  });

  it('time that goes back counts as standing still', () => {
    const pair = new Pair().open();
    pair.nowMs = 5000;
    pair.offer(1);
    pair.sender.step({ type: 'tick', nowMs: 10 });
    expect(pair.sender.wakeAtMs).toBe(6025);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])(
    'refuses the moment %d and changes nothing',
    (nowMs) => {
      const pair = new Pair().open();
      const before = pair.sender.status();
      expect(() => pair.sender.step({ type: 'connect', nowMs })).toThrow(InvalidArgumentError);
      expect(() => pair.receiver.step({ type: 'tick', nowMs })).toThrow(InvalidArgumentError);
      expect(pair.sender.status()).toEqual(before);
    },
  );

  it.each([
    [{ epoch: 0 }, /epoch is 0/],
    [{ windowBlocks: 0 }, /windowBlocks is 0/],
    [{ windowBlocks: 2 ** 21 }, /windowBlocks is 2097152/],
    [{ windowBytes: 100 }, /windowBytes is 100: it must be an integer from 65536/],
    [{ jitter: 1.5 }, /jitter is 1.5/],
    [{ retryBudget: { perSecond: 0 } }, /retryBudget.perSecond is 0/],
    [{ timeoutMinMs: 10, timeoutMaxMs: 9 }, /timeoutMaxMs is 9/],
    [{ restored: { epoch: 2, receiverEpoch: 0, acknowledged: 0, connection: 0 } }, /restored.epoch is 2/],
  ])('refuses the options %j of a sender', (options, message) => {
    expect(() => new DeliverySender({ epoch: 1, seed: 1, ...options })).toThrow(message);
  });

  it.each([
    [{ acknowledgeEvery: 0 }, /acknowledgeEvery is 0/],
    [{ rangesMax: 5000 }, /rangesMax is 5000/],
    [{ acknowledgeDelayMs: -1 }, /acknowledgeDelayMs is -1/],
  ])('refuses the options %j of a receiver', (options, message) => {
    expect(() => new DeliveryReceiver({ epoch: 1, ...options })).toThrow(message);
  });
});
