import type { Entry } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { add } from './counter.js';
import { settled } from './scripted-engine.js';
import { openSolo, stateOf } from './solo.js';

function command(index: number, proposal?: number): Entry {
  const entry = { index, term: 1, kind: 'command' as const, data: add(1) };
  return proposal === undefined ? entry : { ...entry, proposal };
}

const note = (text: string) => ({ from: 'n1', to: 'n2', text });

/** A replica whose engine does only what the test emits; any input starts a turn. */
async function openScripted(options: Parameters<typeof openSolo>[0] = {}) {
  const solo = await openSolo({ actsAlone: false, ...options });
  const emit = async (effects: Parameters<typeof solo.engine.emit>[0]) => {
    solo.engine.emit(effects);
    solo.replica.campaign();
    await settled();
  };
  return { ...solo, emit };
}

describe('the order of effects', () => {
  it('lets an append leave at once and a promise only when what it relies on is durable', async () => {
    const { engine, transport, saves, emit } = await openScripted({ holdsSaves: true });
    await emit({ save: engine.write(command(1)), sendNow: [note('append')], sendAfterSave: [note('vote')] });
    expect(transport.notes()).toEqual(['append']);
    expect(engine.inputsOf('saved')).toEqual([]);
    await saves.release();
    expect(transport.notes()).toEqual(['append', 'vote']);
    expect(engine.inputsOf('saved')).toEqual([
      { type: 'saved', receipt: { sequence: 1, last: { index: 1, term: 1 } } },
    ]);
  });

  it('holds a promise without a save of its own behind the saves that were asked for before', async () => {
    const { engine, transport, saves, emit } = await openScripted({ holdsSaves: true });
    await emit({ save: engine.write(command(1)) });
    await emit({ sendAfterSave: [note('ack')], sendNow: [note('heartbeat')] });
    expect(transport.notes()).toEqual(['heartbeat']);
    await saves.release();
    expect(transport.notes()).toEqual(['heartbeat', 'ack']);
  });

  it('steps receipts in the order of the writes, even if the storage answers out of order', async () => {
    const answers: (() => void)[] = [];
    const { engine, storage, emit, transport } = await openScripted();
    storage.group(0).save = () => new Promise((resolve) => answers.push(resolve));
    for (const text of ['one', 'two', 'three'])
      await emit({ save: engine.write(), sendAfterSave: [note(text)] });
    answers[2]?.();
    answers[1]?.();
    await settled();
    expect(transport.notes()).toEqual([]);
    answers[0]?.();
    await settled();
    expect(engine.inputsOf('saved').map(({ receipt }) => receipt.sequence)).toEqual([1, 2, 3]);
    expect(transport.notes()).toEqual(['one', 'two', 'three']);
  });

  it('takes no effects while as many saves are under way as allowed, and goes on when one is durable', async () => {
    const { engine, transport, saves, emit, replica } = await openScripted({
      holdsSaves: true,
      group: { limits: { savesInFlightMax: 2 } },
    });
    await emit({ save: engine.write() });
    await emit({ save: engine.write() });
    await emit({ sendNow: [note('third')] });
    expect(transport.notes()).toEqual([]);
    expect(replica.status().savesInFlight).toBe(2);
    await saves.release();
    expect(transport.notes()).toEqual(['third']);
  });

  it('puts all messages to one peer of one turn into one payload, and splits what grows too large', async () => {
    const { transport, emit } = await openScripted({ group: { limits: { payloadBytesMax: 40 } } });
    const notes = Array.from({ length: 4 }, (_, number) => note(`note ${number} of 4`));
    await emit({ sendNow: [...notes.slice(0, 2), { from: 'n1', to: 'n3', text: 'other' }] });
    expect(transport.sent.map(({ to, lane }) => `${to} ${lane}`)).toEqual(['n2 protocol', 'n3 protocol']);
    transport.sent.length = 0;
    await emit({ sendNow: notes });
    expect(transport.sent.length).toBe(2);
    expect(transport.notes()).toEqual(notes.map(({ text }) => text));
  });

  it('tells the engine of a peer that cannot be reached, once a tick', async () => {
    const { engine, transport, emit, tick } = await openScripted();
    transport.takes = false;
    await emit({ sendNow: [note('a')] });
    await emit({ sendNow: [note('b')] });
    expect(engine.inputsOf('peerUnreachable')).toEqual([{ type: 'peerUnreachable', peer: 'n2' }]);
    await tick();
    await emit({ sendNow: [note('c')] });
    expect(engine.inputsOf('peerUnreachable').length).toBe(2);
  });

  it('applies in order, tells the engine how far, and passes over entries without a command', async () => {
    const { engine, counter, emit, replica } = await openScripted();
    await emit({
      committed: [command(1), { index: 2, term: 1, kind: 'noop', data: new Uint8Array() }, command(3)],
    });
    expect(counter.commands).toBe(2);
    expect(engine.inputsOf('applied')).toEqual([{ type: 'applied', through: 3 }]);
    expect(replica.metrics()).toMatchObject({ appliedIndex: 3, entriesApplied: 3 });
  });

  it('stops rather than apply with a gap', async () => {
    const { counter, emit, replica } = await openScripted();
    await emit({ committed: [command(1)] });
    await emit({ committed: [command(3)] });
    expect(counter.commands).toBe(1);
    await expect(replica.failed).rejects.toMatchObject({ code: 'REPLICA_FAILED' });
  });

  it('gives the event loop its turn between slices of a long backlog', async () => {
    const { counter, engine, replica } = await openScripted({ group: { limits: { applyEntriesMax: 100 } } });
    const seen: number[] = [];
    let isWatching = true;
    const watch = () => {
      seen.push(counter.commands);
      if (isWatching) setImmediate(watch);
    };
    engine.emit({ committed: Array.from({ length: 1000 }, (_, position) => command(position + 1)) });
    replica.campaign();
    watch();
    await settled(30);
    isWatching = false;
    expect(counter.commands).toBe(1000);
    expect(new Set(seen).size).toBeGreaterThanOrEqual(10);
    expect(seen).toContain(500);
  });

  it('answers a read only when the state machine has come as far as its barrier says', async () => {
    const { engine, counter, emit, replica } = await openScripted();
    const read = replica.read(() => counter.total);
    await settled();
    const context = engine.inputsOf('read')[0]?.context ?? 0;
    await emit({ reads: [{ context, index: 2 }], committed: [command(1)] });
    expect(await stateOf(read)).toBe('pending');
    await emit({ committed: [command(2)] });
    expect(await read).toBe(2);
  });
});

describe('the stalled disk', () => {
  it('bounds what is taken in meanwhile and says what it drops', async () => {
    const { engine, emit, transport, events } = await openScripted({
      holdsSaves: true,
      group: { limits: { savesInFlightMax: 1, stalledBytesMax: 20 } },
    });
    await emit({ save: engine.write() });
    const payload = new Uint8Array([1, 3, 0x61, 0x61, 0x61, 0, 0]);
    for (let round = 0; round < 5; round++) transport.handler.onPayload('n2', 0, payload);
    expect(engine.inputsOf('receive').length).toBe(2);
    expect(events.filter(({ event }) => event.type === 'payloadDropped').length).toBe(3);
  });
});
