import type { HelloRefusal } from '@synod/core';
import { MemoryNodeStorage } from '@synod/core/memory';
import { describe, expect, it } from 'vitest';
import { IncarnationLostError } from '../src/index.js';
import { settled } from './scripted-engine.js';
import { incarnation, openSolo } from './solo.js';

const other = 'f'.repeat(32);
const lost: HelloRefusal = { code: 'INCARNATION_LOST', reason: 'known as another' };
const voters = ['n1', 'n2', 'n3'];

async function openFirstTime() {
  const solo = await openSolo({ membershipIds: voters, actsAlone: false });
  return { ...solo, types: () => solo.events.map(({ event }) => event.type) };
}

describe('a node that is not admitted', () => {
  it('neither ticks nor listens nor proposes, and says what it waits for', async () => {
    const { host, replica, engine, transport, tick } = await openFirstTime();
    await tick(5);
    transport.handler.onPayload('n2', 0, new Uint8Array([1, 1, 0x61, 0, 0]));
    await settled();
    expect(engine.inputs).toEqual([]);
    await expect(replica.propose(new Uint8Array())).rejects.toMatchObject({
      code: 'NOT_ADMITTED',
      effect: 'none',
      retryable: true,
      message: expect.stringContaining('0 of the 2 other voters'),
    });
    await expect(replica.read(() => 1)).rejects.toMatchObject({ code: 'NOT_ADMITTED' });
    expect(replica.status()).toMatchObject({ state: 'waitingForAdmission' });
    expect(host.status().admission).toEqual({
      admitted: false,
      welcomedBy: [],
      welcomesNeeded: 2,
      refusedBy: [],
    });
    await host.close();
    await expect(host.admitted).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('takes part once enough others have it on record, and that is durable', async () => {
    const { host, replica, engine, transport, tick, storage, types } = await openFirstTime();
    transport.handler.onPeerUp('n2');
    transport.handler.onPeerUp('n2');
    transport.handler.onPeerUp('stranger');
    await tick();
    expect(replica.status().state).toBe('waitingForAdmission');
    transport.handler.onPeerUp('n3');
    await host.admitted;
    await tick();
    expect(replica.status().state).toBe('running');
    expect(engine.inputsOf('tick').length).toBe(1);
    expect(storage.reopen().incarnations.admitted).toBe(true);
    expect(types()).toContain('admitted');
  });

  it('stops for good when a peer remembers another life of it, and says what to do', async () => {
    const { host, replica, transport, tick, engine } = await openFirstTime();
    transport.handler.onPeerUp('n2');
    transport.handler.onRefused('n3', lost);
    const failure: unknown = await host.failed.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IncarnationLostError);
    expect(failure).toMatchObject({ code: 'INCARNATION_LOST', peer: 'n3', effect: 'none', retryable: false });
    expect(String(failure)).toMatch(/Put its own directory back .*, or remove it .* under a new id/);
    await expect(host.admitted).rejects.toBe(failure);
    await expect(replica.failed).rejects.toMatchObject({ cause: failure });
    transport.handler.onPeerUp('n3');
    await tick(3);
    expect(engine.inputs).toEqual([]);
    expect(host.status().state).toBe('failed');
  });

  it('bears other refusals, and forgets them when the peer welcomes it', async () => {
    const { host, transport } = await openFirstTime();
    transport.handler.onRefused('n3', { code: 'UNKNOWN_NODE', reason: 'not configured yet' });
    expect(host.status().admission.refusedBy.map(({ peer }) => peer)).toEqual(['n3']);
    transport.handler.onPeerUp('n3');
    expect(host.status().admission).toMatchObject({ welcomedBy: ['n3'], refusedBy: [] });
  });
});

describe('a node that was admitted', () => {
  async function openAdmitted() {
    const storage = new MemoryNodeStorage(incarnation);
    await storage.incarnations.admit();
    return openSolo({ membershipIds: voters, actsAlone: false, storage: storage.reopen() });
  }

  it('takes part at once after a restart, without asking anyone', async () => {
    const { engine, tick, host } = await openAdmitted();
    await host.admitted;
    await tick();
    expect(engine.inputsOf('tick').length).toBe(1);
  });

  it('goes on when one peer refuses it, and shows that in its status', async () => {
    const { host, replica, transport, events } = await openAdmitted();
    transport.handler.onRefused('n3', lost);
    expect(host.status()).toMatchObject({
      state: 'running',
      admission: { refusedBy: [{ peer: 'n3', refusal: lost }] },
    });
    expect(replica.status().state).toBe('running');
    expect(events.map(({ event }) => event.type)).toContain('refusedByPeer');
  });
});

describe('a hello', () => {
  it('is answered only when the incarnation is on durable record', async () => {
    const { transport, storage, saves, host } = await openSolo({ holdsSaves: true });
    const answer = transport.handler.admit({ id: 'n2', incarnation: other });
    await settled();
    expect(storage.incarnations.known('n2')).toBeUndefined();
    await saves.release();
    expect(await answer).toBeUndefined();
    expect(storage.incarnations.known('n2')).toBe(other);
    await Promise.all([host.close(), settled().then(() => saves.release())]);
  });

  it('of a known life is accepted and of another refused, with what to do about it', async () => {
    const { transport, events } = await openSolo();
    expect(await transport.handler.admit({ id: 'n2', incarnation: other })).toBeUndefined();
    expect(await transport.handler.admit({ id: 'n2', incarnation: other })).toBeUndefined();
    const refusal = await transport.handler.admit({ id: 'n2', incarnation: 'e'.repeat(32) });
    expect(refusal).toMatchObject({
      code: 'INCARNATION_LOST',
      reason: expect.stringContaining('forgot its votes'),
    });
    expect(events.at(-1)?.event).toEqual({ type: 'peerRefused', peer: 'n2', refusal });
  });

  it('of two lives at once puts only the first on record', async () => {
    const { transport, storage } = await openSolo();
    const answers = await Promise.all([
      transport.handler.admit({ id: 'n2', incarnation: other }),
      transport.handler.admit({ id: 'n2', incarnation: 'e'.repeat(32) }),
    ]);
    expect(answers.map((answer) => answer?.code)).toEqual([undefined, 'INCARNATION_LOST']);
    expect(storage.incarnations.known('n2')).toBe(other);
  });

  it('that cannot be put on record is refused, and the node stops', async () => {
    const { transport, storage, host } = await openSolo();
    storage.fail('the disk is gone');
    const refusal = await transport.handler.admit({ id: 'n2', incarnation: other });
    expect(refusal).toMatchObject({ reason: expect.stringContaining('storage failed') });
    await expect(host.failed).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });
});
