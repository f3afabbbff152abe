import { ByteWriter, createMembership, InvariantViolation } from '@synod/core';
import { MemoryNodeStorage } from '@synod/core/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openReplicaHost } from '../src/index.js';
import { add, Counter } from './counter.js';
import { HeldTransport, noteCodec, ScriptedEngine, settled } from './scripted-engine.js';
import { incarnation, openSolo, stateOf } from './solo.js';

const note = (text: string) => ({ from: 'n1', to: 'n2', text });

function payloadOf(...texts: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(1);
  for (const text of texts) noteCodec.encode({ from: 'n2', to: 'n1', text }, writer);
  return writer.take();
}

describe('a replica that fails', () => {
  it('with its storage settles everything, says nothing more, and takes the whole host with it', async () => {
    const { host, replica, engine, counter, storage, transport, events } = await openSolo({
      holdsSaves: true,
    });
    const other = host.openGroup({
      group: 1,
      createEngine: (start) => new ScriptedEngine(start),
      codec: noteCodec,
      stateMachine: new Counter(),
    });
    const pending = replica.propose(add(1));
    const read = replica.read(() => counter.total);
    engine.emit({ sendAfterSave: [note('ack')] });
    await settled();
    const ended = Promise.allSettled([
      pending,
      read.then(() => replica.read(() => 1)),
      replica.waitForLeader(),
    ]);
    storage.fail('the disk is gone');
    const [proposal, , wait] = await ended;
    expect(proposal).toMatchObject({ reason: { code: 'REPLICA_FAILED', effect: 'unknown' } });
    expect(wait).toMatchObject({ reason: { code: 'REPLICA_FAILED', effect: 'none' } });
    const cause = { code: 'STORAGE_FAILED' };
    await expect(replica.failed).rejects.toMatchObject({ code: 'REPLICA_FAILED', cause });
    await expect(other.failed).rejects.toMatchObject({ code: 'REPLICA_FAILED', cause });
    await expect(host.failed).rejects.toMatchObject({ code: 'REPLICA_FAILED', cause });
    engine.emit({ sendNow: [note('more')] });
    await settled();
    expect(transport.notes()).toEqual([]);
    expect(host.status().state).toBe('failed');
    expect(replica.status()).toMatchObject({
      state: 'failed',
      explanation: expect.stringContaining('disk is gone'),
    });
    await expect(replica.propose(add(1))).rejects.toMatchObject({ code: 'REPLICA_FAILED', effect: 'none' });
    expect(events.map(({ event }) => event.type)).toContain('failed');
    await host.close();
  });

  it('with its state machine stops alone; the other groups of the host go on', async () => {
    const counter = new Counter();
    counter.apply = () => {
      throw new Error('division by zero');
    };
    const { host, replica } = await openSolo({ counter });
    const sound = host.openGroup({
      group: 1,
      createEngine: (start) => new ScriptedEngine(start),
      codec: noteCodec,
      stateMachine: new Counter(),
    });
    await expect(replica.propose(add(1))).rejects.toMatchObject({
      code: 'REPLICA_FAILED',
      effect: 'unknown',
    });
    await expect(replica.failed).rejects.toThrow(/division by zero/);
    await expect(host.failed).rejects.toThrow(/division by zero/);
    expect(sound.status().state).toBe('running');
    expect(host.status().state).toBe('running');
    await host.close();
  });

  it('with an invariant of its engine is not stepped again', async () => {
    const { replica, engine, tick, transport } = await openSolo({ actsAlone: false });
    engine.onStep = ({ type }) => {
      if (type !== 'receive') return;
      engine.emit({ sendNow: [note('wrong')] });
      throw new InvariantViolation('terms only grow');
    };
    transport.handler.onPayload('n2', 0, payloadOf('boom'));
    await expect(replica.failed).rejects.toMatchObject({ cause: { code: 'INVARIANT_VIOLATION' } });
    const inputs = engine.inputs.length;
    await tick(3);
    transport.handler.onPayload('n2', 0, payloadOf('again'));
    await settled();
    expect(engine.inputs.length).toBe(inputs);
    expect(transport.notes()).toEqual([]);
  });
});

describe("a peer's payload", () => {
  it('is decoded into messages of the authenticated sender, also when its buffer is reused', async () => {
    const { engine, transport } = await openSolo({ actsAlone: false });
    const writer = new ByteWriter();
    writer.u8(1);
    noteCodec.encode({ from: 'liar', to: 'n1', text: 'one', body: new Uint8Array([1, 2]) }, writer);
    noteCodec.encode({ from: 'liar', to: 'n1', text: 'two' }, writer);
    const payload = Buffer.from(writer.take());
    transport.handler.onPayload('n2', 0, payload);
    payload.fill(0);
    expect(engine.inputsOf('receive').map(({ message }) => message)).toEqual([
      { from: 'n2', to: 'n1', text: 'one', body: new Uint8Array([1, 2]) },
      { from: 'n2', to: 'n1', text: 'two' },
    ]);
  });

  it('that is damaged is dropped with an event after the messages before the damage', async () => {
    const { engine, transport, events, replica } = await openSolo({ actsAlone: false });
    transport.handler.onPayload('n2', 0, new Uint8Array([...payloadOf('one'), 200, 1]));
    expect(engine.inputsOf('receive').length).toBe(1);
    expect(events.at(-1)).toMatchObject({ group: 0, event: { type: 'payloadDropped', peer: 'n2' } });
    expect(replica.metrics()).toMatchObject({ messagesReceived: 1, payloadsDropped: 1 });
  });

  it('that offers a snapshot outside of a transfer is dropped: its snapshot is not here', async () => {
    const { engine, transport, replica } = await openSolo({ actsAlone: false });
    const writer = new ByteWriter();
    writer.u8(1);
    const snapshot = { index: 5, term: 1, membership: createMembership(['n1']) };
    noteCodec.encode({ from: 'n2', to: 'n1', text: 'install', snapshot }, writer);
    transport.handler.onPayload('n2', 0, writer.take());
    expect(engine.inputsOf('receive')).toEqual([]);
    expect(replica.metrics().payloadsDropped).toBe(1);
  });

  it('of any bytes neither throws nor stops the replica', async () => {
    const { transport, replica } = await openSolo({ actsAlone: false });
    const likely = fc
      .tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 60 }))
      .map(([kind, rest]) => new Uint8Array([kind, ...rest]));
    fc.assert(
      fc.property(fc.oneof(likely, fc.uint8Array({ maxLength: 60 })), (payload) => {
        transport.handler.onPayload('n2', 0, payload);
      }),
      { numRuns: 2000 },
    );
    await settled();
    expect(replica.status().state).toBe('running');
  });

  it('for a group that is not open here is left aside', async () => {
    const { engine, transport } = await openSolo({ actsAlone: false });
    const before = engine.inputs.length;
    transport.handler.onPayload('n2', 7, payloadOf('one'));
    expect(engine.inputs.length).toBe(before);
  });
});

describe('close', () => {
  it('settles everything, finishes the saves under way, and closes transport, storage and clock', async () => {
    const { host, replica, storage, transport, clock, saves, events } = await openSolo({ holdsSaves: true });
    const handedOver = replica.propose(add(1));
    await settled();
    const queued = replica.propose(add(2));
    const read = replica.read(() => 1);
    const ended = Promise.allSettled([handedOver, queued, read, replica.waitForLeader()]);
    const closed = host.close();
    const [first, second, third, fourth] = await ended;
    expect(first).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN', effect: 'unknown' } });
    expect(second).toMatchObject({ reason: { code: 'CLOSED', effect: 'none' } });
    expect(third).toMatchObject({ reason: { code: 'CLOSED', effect: 'none' } });
    expect(fourth).toMatchObject({ reason: { code: 'CLOSED' } });
    expect(await stateOf(closed)).toBe('pending');
    await saves.release();
    await saves.release();
    await closed;
    expect(transport.isClosed).toBe(true);
    expect(clock.timers).toBe(0);
    expect(storage.reopen().group(0).recover().entries.length).toBe(1);
    expect(events.filter(({ event }) => event.type === 'closed').map(({ group }) => group)).toEqual([
      0,
      undefined,
    ]);
    await expect(replica.propose(add(1))).rejects.toMatchObject({ code: 'CLOSED', effect: 'none' });
    await expect(replica.read(() => 1)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() =>
      host.openGroup({
        createEngine: (start) => new ScriptedEngine(start),
        codec: noteCodec,
        stateMachine: new Counter(),
      }),
    ).toThrow(/host n1 is closed/);
    expect(replica.status()).toMatchObject({ state: 'closed' });
  });

  it('of one replica waits for its saves under way', async () => {
    const { replica, saves } = await openSolo({ holdsSaves: true });
    const outcome = replica.propose(add(1)).catch(() => undefined);
    await settled();
    const closed = replica.close();
    await outcome;
    expect(await stateOf(closed)).toBe('pending');
    await saves.release();
    await closed;
    expect(replica.status().savesInFlight).toBe(0);
  });

  it('can be called again and again, and of one replica leaves the host open', async () => {
    const { host, replica } = await openSolo();
    await Promise.all([replica.close(), replica.close()]);
    expect(host.status()).toMatchObject({ state: 'running', groups: [] });
    await Promise.all([host.close(), host.close()]);
    expect(host.status().state).toBe('closed');
  });
});

describe('events', () => {
  it('carry time, node and group, and reach a replica’s own listeners until they leave', async () => {
    const { replica, clock, host } = await openSolo();
    const heard: string[] = [];
    const leave = replica.onEvent(({ atMs, node, group, event }) =>
      heard.push(`${atMs} ${node}/${group} ${event.type}`),
    );
    await replica.propose(add(1));
    expect(heard).toEqual([`${clock.now()} n1/0 saved`, `${clock.now()} n1/0 applied`]);
    leave();
    await replica.propose(add(1));
    expect(heard.length).toBe(2);
    await host.close();
  });

  it('whose listener throws do not disturb the replica: the error comes out of the event loop', async () => {
    const thrown: unknown[] = [];
    const transport = new HeldTransport('n1');
    const host = await openReplicaHost({
      id: 'n1',
      membershipIds: ['n1'],
      storage: new MemoryNodeStorage(incarnation),
      transport,
      defer: (callback) =>
        setImmediate(() => {
          try {
            callback();
          } catch (error) {
            thrown.push(error);
          }
        }),
      onEvent: () => {
        throw new Error('telemetry is broken');
      },
    });
    await host.admitted;
    await settled();
    expect(thrown.map(String)).toEqual(['Error: telemetry is broken']);
    expect(host.status().state).toBe('running');
    await host.close();
  });
});

describe('openReplicaHost', () => {
  const storage = new MemoryNodeStorage(incarnation);
  const base = { id: 'n1', membershipIds: ['n1'], storage, transport: new HeldTransport('n1') };

  it('refuses options that cannot be right, naming them', async () => {
    await expect(openReplicaHost({ ...base, id: 'n 1' })).rejects.toThrow(/"n 1" is not a node id/);
    await expect(openReplicaHost({ ...base, id: 'n2' })).rejects.toThrow(/transport is that of n1/);
    await expect(openReplicaHost({ ...base, membershipIds: [] })).rejects.toThrow(/no voter/);
    await expect(openReplicaHost({ ...base, membershipIds: ['n1', 'n1'] })).rejects.toThrow(/stands twice/);
    await expect(openReplicaHost({ ...base, tickMs: 0 })).rejects.toThrow(/tickMs is 0/);
  });

  it('gives every node the same membership, whatever the order of its list, and each a seed of its own', async () => {
    const seen = new Map<string, unknown>();
    for (const [id, ids] of [
      ['n1', ['n2', 'n1', 'n3']],
      ['n2', ['n3', 'n2', 'n1']],
    ] as const) {
      const host = await openReplicaHost({
        id,
        membershipIds: ids,
        storage: new MemoryNodeStorage(incarnation.replaceAll('0', id.at(-1) ?? '')),
        transport: new HeldTransport(id),
      });
      host.openGroup({
        createEngine: (start) => {
          seen.set(id, start);
          return new ScriptedEngine(start);
        },
        codec: noteCodec,
        stateMachine: new Counter(),
      });
      await host.close();
    }
    const membership = createMembership(['n1', 'n2', 'n3']);
    expect(seen.get('n1')).toMatchObject({ id: 'n1', group: 0, membership });
    expect(seen.get('n2')).toMatchObject({ id: 'n2', group: 0, membership });
    const seeds = [...seen.values()].map((start) => JSON.stringify(start).match(/"seed":"[^"]*"/)?.[0]);
    expect(new Set(seeds).size).toBe(2);
  });

  it('opens a group once, with limits in their range', async () => {
    const { host } = await openSolo();
    const options = {
      createEngine: (start: ConstructorParameters<typeof ScriptedEngine>[0]) => new ScriptedEngine(start),
      codec: noteCodec,
      stateMachine: new Counter(),
    };
    expect(() => host.openGroup(options)).toThrow(/group 0 is open already/);
    expect(() => host.openGroup({ ...options, group: -1 })).toThrow(/group is -1/);
    expect(() => host.openGroup({ ...options, group: 1, limits: { savesInFlightMax: 0 } })).toThrow(
      /savesInFlightMax/,
    );
    expect(() => host.openGroup({ ...options, group: 1, snapshotEveryEntries: 0 })).toThrow(
      /snapshotEveryEntries/,
    );
    await host.close();
  });
});
