import { describe, expect, it } from 'vitest';
import { DeliveryReceiver, DeliverySender, type Segment } from '../src/index.js';
import { bytesOf, Pair, sequencesOf, upTo } from './pair.js';

const prompt = { acknowledgeEvery: 1 };

/** Ten blocks offered; 0, 1, 5 and 6 came, and only 0 was acknowledged. */
function interrupted(): Pair {
  const pair = new Pair({}, prompt).open();
  pair.offer(10);
  const [first, ...others] = pair.takeThere();
  pair.toReceiver(first);
  for (const segment of pair.takeBack()) pair.toSender(segment);
  for (const place of [0, 4, 5]) pair.toReceiver(others[place]);
  pair.takeBack();
  pair.sender.step({ type: 'disconnect', nowMs: 0 });
  return pair;
}

describe('a link that breaks', () => {
  it('sends nothing until another one is up, and then not what was received already', () => {
    const pair = interrupted();
    pair.wait(10_000);
    expect(pair.takeThere()).toEqual([]);
    pair.sender.step({ type: 'connect', nowMs: pair.nowMs });
    const [open] = pair.takeThere();
    pair.toReceiver(open);
    for (const segment of pair.takeBack()) pair.toSender(segment);
    expect(sequencesOf(pair.takeThere())).toEqual([2, 3, 4, 7, 8, 9]);
    expect(pair.senderEvents.at(-1)).toEqual({ type: 'opened', receiverEpoch: 1, next: 2, resumed: true });
  });

  it('what comes late from it changes nothing', () => {
    const pair = new Pair({}, prompt).open();
    pair.offer(3);
    const late = pair.takeThere();
    pair.sender.step({ type: 'disconnect', nowMs: 0 });
    pair.open();
    expect(pair.delivered).toEqual([0, 1, 2]);
    for (const segment of late) pair.toReceiver(segment);
    expect(pair.delivered).toEqual([0, 1, 2]);
    expect(pair.receiver.status().stale).toBe(3);
  });

  it('an open that comes late from it does not bring it back', () => {
    const pair = new Pair({}, prompt);
    pair.sender.step({ type: 'connect', nowMs: 0 });
    const [early] = pair.takeThere();
    pair.open();
    pair.toReceiver(early);
    pair.takeBack();
    pair.offer(2);
    pair.run();
    expect(pair.acknowledged).toBe(2);
  });
});

describe('a receiver that restarts', () => {
  it('with its memory goes on: nothing twice, and what it had kept early is sent again', () => {
    const pair = interrupted();
    pair.receiver = new DeliveryReceiver({ epoch: 1, ...prompt, restored: pair.receiver.checkpoint() });
    pair.open();
    expect(pair.delivered).toEqual(upTo(10));
    expect(pair.acknowledged).toBe(10);
  });

  it('with its memory, and without the sender noticing, asks for the session to be opened again', () => {
    const pair = new Pair({}, prompt).open();
    pair.offer(4);
    pair.run();
    pair.receiver = new DeliveryReceiver({ epoch: 1, ...prompt, restored: pair.receiver.checkpoint() });
    pair.offer(4);
    pair.run();
    expect(pair.delivered).toEqual(upTo(8));
  });

  it('does not answer an open that its earlier life may have answered: what that kept early is forgotten', () => {
    const pair = new Pair({}, prompt).open();
    const [open] = [pair.sender].map((sender) => {
      sender.step({ type: 'connect', nowMs: 0 });
      return pair.takeThere()[0];
    });
    pair.toReceiver(open);
    const accept = pair.takeBack();
    pair.receiver = new DeliveryReceiver({ epoch: 1, ...prompt, restored: pair.receiver.checkpoint() });
    pair.toReceiver(open);
    const [answer] = pair.takeBack();
    expect(answer).toMatchObject({ type: 'reset', reason: 'reopen' });
    for (const segment of accept) pair.toSender(segment);
    pair.toSender(answer);
    pair.offer(3);
    pair.run();
    expect(pair.delivered).toEqual([0, 1, 2]);
  });

  it('without its memory is told apart: the sender stops, and says from where on nobody knows', () => {
    const pair = interrupted();
    pair.receiver = new DeliveryReceiver({ epoch: 2, ...prompt });
    pair.open();
    expect(pair.senderEvents.at(-1)).toEqual({
      type: 'sessionLost',
      acknowledged: 1,
      reason: expect.stringContaining('remembers nothing'),
    });
    expect(pair.delivered).toEqual([0, 1]);
    pair.sender.step({ type: 'offer', nowMs: 0, blocks: [new Uint8Array(1)] });
    expect(pair.sender.takeEffects()?.refused.map(({ code }) => code)).toEqual(['SESSION_LOST']);
  });

  it('with a memory of an earlier time is found out by its own acknowledgements', () => {
    const pair = new Pair({}, prompt).open();
    const early = pair.receiver.checkpoint();
    pair.offer(5);
    pair.run();
    expect(pair.acknowledged).toBe(5);
    pair.receiver = new DeliveryReceiver({ epoch: 1, ...prompt, restored: { ...early, next: 3 } });
    pair.open();
    pair.run();
    expect(pair.senderEvents.at(-1)).toMatchObject({ type: 'sessionLost', acknowledged: 5 });
    expect(pair.delivered).toEqual(upTo(5));
  });
});

describe('a sender that restarts', () => {
  it('with its notes goes on from them, and learns how far the receiver really is', () => {
    const pair = new Pair({}, prompt).open();
    pair.offer(5);
    pair.run();
    const notes = { ...pair.sender.checkpoint(), acknowledged: 2 };
    pair.sender = new DeliverySender({ epoch: 1, seed: 2, restored: notes });
    pair.open();
    expect(pair.sender.nextSequence).toBe(5);
    pair.offer(3);
    pair.run();
    expect(pair.delivered).toEqual(upTo(8));
  });

  it('sends what the receiver had kept early and then forgot, though it never sent it itself', () => {
    const pair = new Pair({}, prompt).open();
    pair.offer(3);
    const [, second, third] = pair.takeThere();
    pair.toReceiver(second);
    pair.toReceiver(third);
    pair.takeBack();
    pair.sender = new DeliverySender({
      epoch: 1,
      seed: 2,
      inFlightBlocks: 1,
      restored: pair.sender.checkpoint(),
    });
    pair.sender.step({ type: 'offer', nowMs: 0, blocks: upTo(3).map((number) => Uint8Array.of(number, 0)) });
    pair.sender.step({ type: 'connect', nowMs: 0 });
    const [open] = pair.takeThere();
    pair.toReceiver(open);
    for (const segment of pair.takeBack()) pair.toSender(segment);
    // It knows that the receiver has the others.
    expect(sequencesOf(pair.takeThere())).toEqual([0]);
    pair.receiver = new DeliveryReceiver({ epoch: 1, ...prompt, restored: pair.receiver.checkpoint() });
    pair.open();
    expect(pair.delivered).toEqual([0, 1, 2]);
    expect(pair.acknowledged).toBe(3);
  });

  it('without them begins another session, and late segments of the old one are refused', () => {
    const pair = new Pair({}, prompt).open();
    pair.offer(3);
    const late = pair.takeThere();
    const old = pair.sender;
    pair.sender = new DeliverySender({ epoch: 2, seed: 2 });
    pair.open();
    expect(pair.receiverEvents.at(-1)).toMatchObject({
      type: 'sessionOpened',
      senderEpoch: 2,
      previousEpoch: 1,
    });
    for (const segment of late) pair.toReceiver(segment);
    expect(pair.delivered).toEqual([]);
    for (const segment of pair.takeBack()) old.step({ type: 'receive', nowMs: 0, bytes: bytesOf(segment) });
    expect(old.takeEffects()?.events).toEqual([
      { type: 'sessionLost', acknowledged: 0, reason: expect.stringContaining('greater epoch') },
    ]);
  });
});

describe('serials that turn over', () => {
  it('a session begun just below 2^32 goes on above it', () => {
    const pair = new Pair({ firstSequence: 2 ** 32 - 3 }, prompt).open();
    pair.offer(8);
    pair.run(({ sequence, transmission }) => sequence === 0xffff_ffff && transmission < 5);
    pair.run();
    expect(pair.delivered).toEqual(upTo(8));
    expect(pair.acknowledged).toBe(2 ** 32 + 5);
  });
});

describe('answers that cannot be true', () => {
  function answered(fields: object): Pair {
    const pair = new Pair({}, prompt).open();
    pair.offer(4);
    const [first] = pair.takeThere();
    pair.toReceiver(first);
    const [answer] = pair.takeBack();
    if (answer?.type !== 'acknowledgement') throw new Error('a block is acknowledged');
    pair.toSender({ ...answer, ...fields } as Segment);
    return pair;
  }

  it.each([
    ['a block that was never sent', { next: 5 }, /blocks before 5 are acknowledged, but only those before 4/],
    ['a range that was never sent', { ranges: [1, 3] }, /blocks before 5/],
    ['a transmission that never left', { transmission: 9 }, /transmission 9 is acknowledged/],
  ])('%s is refused, counted, and changes nothing', (_, fields, reason) => {
    const pair = answered(fields);
    expect(pair.sender.status()).toMatchObject({ refused: 1, acknowledged: 0, inFlight: 4, state: 'open' });
    expect(pair.senderEvents.at(-1)).toEqual({
      type: 'segmentRefused',
      reason: expect.stringMatching(reason),
    });
  });

  it.each([
    ['another epoch of the sender', { epoch: 9 }],
    ['another epoch of the receiver', { receiverEpoch: 9 }],
    ['a block before the last acknowledgement', { next: 0xffff_fff0 }],
  ])('%s is passed over and counted', (_, fields) => {
    const pair = answered(fields);
    expect(pair.sender.status()).toMatchObject({ stale: 1, acknowledged: 0, inFlight: 4, state: 'open' });
  });

  it('a block far beyond the window takes no memory', () => {
    const pair = new Pair({}, { ...prompt, windowBlocks: 64 }).open();
    pair.offer(1);
    const [data] = pair.takeThere();
    if (data?.type !== 'data') throw new Error('a block is sent');
    for (let away = 64; away < 2 ** 31; away *= 2) pair.toReceiver({ ...data, sequence: away });
    expect(pair.receiver.status()).toMatchObject({ heldBlocks: 0, heldBytes: 0, unheld: 25, delivered: 0 });
    pair.toReceiver(data);
    expect(pair.delivered).toEqual([0]);
  });

  it('bytes beyond the window take no memory either', () => {
    const limits = { blockBytesMax: 100, windowBytes: 250 };
    const pair = new Pair(limits, { ...prompt, ...limits }).open();
    pair.offer(1);
    const [data] = pair.takeThere();
    if (data?.type !== 'data') throw new Error('a block is sent');
    for (const sequence of [1, 2, 3, 4]) pair.toReceiver({ ...data, sequence, block: new Uint8Array(100) });
    expect(pair.receiver.status()).toMatchObject({ heldBlocks: 2, heldBytes: 200, unheld: 2 });
  });

  it('a flood of nonsense under sound checks is told 64 times a turn and counted to the end', () => {
    const pair = new Pair({}, prompt).open();
    const data = {
      type: 'data',
      epoch: 1,
      connection: 0,
      sequence: 0,
      transmission: 0,
      isLast: false,
    } as const;
    const bytes = bytesOf({ ...data, block: new Uint8Array(1) });
    const large = {
      type: 'data',
      epoch: 1,
      connection: 1,
      sequence: 0,
      transmission: 0,
      isLast: false,
    } as const;
    const tooLarge = bytesOf({ ...large, block: new Uint8Array(65_537) });
    for (let count = 0; count < 200; count++) {
      pair.receiver.step({ type: 'receive', nowMs: 0, bytes });
      pair.receiver.step({ type: 'receive', nowMs: 0, bytes: tooLarge });
    }
    const effects = pair.receiver.takeEffects();
    expect(effects?.events.length).toBeLessThanOrEqual(64);
    expect(effects?.deliver).toEqual([]);
    expect(effects?.send.length ?? 0).toBeLessThanOrEqual(2);
    expect(pair.receiver.status()).toMatchObject({ stale: 200, refused: 200, delivered: 0 });
  });
});
