import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.js';
import type { NodeId } from '../ids.js';
import type { HelloRefusal, PeerHello, Transport, TransportHandler } from '../transport.js';
import { MemoryNetwork } from './memory-network.js';

/** A handler that keeps what it heard. */
class Recorder implements TransportHandler {
  readonly heard: string[] = [];
  readonly hellos: PeerHello[] = [];
  admitting: Promise<void> = Promise.resolve();
  refusal: HelloRefusal | undefined;

  async admit(hello: PeerHello): Promise<HelloRefusal | undefined> {
    this.hellos.push(hello);
    await this.admitting;
    return this.refusal;
  }
  onPeerUp(peer: NodeId): void {
    this.heard.push(`up ${peer}`);
  }
  onPeerDown(peer: NodeId, reason: string): void {
    this.heard.push(`down ${peer}: ${reason}`);
  }
  onRefused(peer: NodeId, { code }: HelloRefusal): void {
    this.heard.push(`refused by ${peer}: ${code}`);
  }
  onPayload(from: NodeId, group: number, payload: Uint8Array): void {
    this.heard.push(`${from} to group ${group}: ${[...payload]}`);
  }
}

const incarnationOf = (id: NodeId) => Buffer.from(id.padEnd(16)).toString('hex');
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

async function start(
  network: MemoryNetwork,
  id: NodeId,
): Promise<{ transport: Transport; recorder: Recorder }> {
  const recorder = new Recorder();
  const transport = network.transport(id);
  await transport.start(recorder, incarnationOf(id));
  return { transport, recorder };
}

async function startPair() {
  const network = new MemoryNetwork();
  const a = await start(network, 'a');
  const b = await start(network, 'b');
  await settled();
  return { network, a, b };
}

describe('MemoryNetwork', () => {
  it('says hello in both directions before a connection is up', async () => {
    const { a, b } = await startPair();
    expect(a.recorder.hellos).toEqual([{ id: 'b', incarnation: incarnationOf('b') }]);
    expect(b.recorder.hellos).toEqual([{ id: 'a', incarnation: incarnationOf('a') }]);
    expect(a.recorder.heard).toEqual(['up b']);
    expect(a.transport.connected()).toEqual(['b']);
  });

  it('carries payloads in order, as copies, and only after send has returned', async () => {
    const { a, b } = await startPair();
    const payload = new Uint8Array([1]);
    expect(a.transport.send('b', 0, payload)).toBe(true);
    payload[0] = 2;
    expect(a.transport.send('b', 3, payload)).toBe(true);
    payload[0] = 9;
    expect(b.recorder.heard).toEqual(['up a']);
    await settled();
    expect(b.recorder.heard).toEqual(['up a', 'a to group 0: 1', 'a to group 3: 2']);
  });

  it('copies a Buffer too, whose slices share their memory', async () => {
    const { a, b } = await startPair();
    const payload = Buffer.from([1]);
    a.transport.send('b', 0, payload);
    payload[0] = 9;
    await settled();
    expect(b.recorder.heard).toContain('a to group 0: 1');
  });

  it('lets protocol payloads overtake snapshots that wait', async () => {
    const { a, b } = await startPair();
    a.transport.send('b', 0, new Uint8Array([1]), 'snapshot');
    a.transport.send('b', 0, new Uint8Array([2]), 'protocol');
    await settled();
    expect(b.recorder.heard.slice(1)).toEqual(['a to group 0: 2', 'a to group 0: 1']);
  });

  it('drops what a lane has no room for, and says so', async () => {
    const network = new MemoryNetwork({ laneBytesMax: 10 });
    const a = await start(network, 'a');
    await start(network, 'b');
    await settled();
    expect(a.transport.send('b', 0, new Uint8Array(8), 'snapshot')).toBe(true);
    expect(a.transport.send('b', 0, new Uint8Array(8), 'snapshot')).toBe(false);
    expect(a.transport.send('b', 0, new Uint8Array(8), 'protocol')).toBe(true);
    await settled();
    expect(a.transport.send('b', 0, new Uint8Array(8), 'snapshot')).toBe(true);
    await settled();
    expect(network.stats()).toMatchObject({ sent: 3, delivered: 3, dropped: 1 });
  });

  it('does not connect a peer that is refused, and tells it why', async () => {
    const network = new MemoryNetwork();
    const a = await start(network, 'a');
    a.recorder.refusal = { code: 'INCARNATION_LOST', reason: 'known otherwise' };
    const b = await start(network, 'b');
    await settled();
    expect(b.recorder.heard).toEqual(['refused by a: INCARNATION_LOST']);
    expect(a.recorder.heard).toEqual([]);
    expect(a.transport.send('b', 0, new Uint8Array(1))).toBe(false);
    a.recorder.refusal = undefined;
    network.heal();
    await settled();
    expect(b.transport.connected()).toEqual(['a']);
  });

  it('waits until a peer is on record before the connection is up', async () => {
    const network = new MemoryNetwork();
    const a = await start(network, 'a');
    let record: () => void = () => undefined;
    a.recorder.admitting = new Promise((resolve) => {
      record = resolve;
    });
    const b = await start(network, 'b');
    await settled();
    expect(b.recorder.heard).toEqual([]);
    record();
    await settled();
    expect(b.recorder.heard).toEqual(['up a']);
  });

  it('loses what is under way when it is partitioned, and connects again when it heals', async () => {
    const network = new MemoryNetwork();
    const [a, b, c] = [await start(network, 'a'), await start(network, 'b'), await start(network, 'c')];
    await settled();
    a.transport.send('c', 0, new Uint8Array([1]));
    network.partition(['c']);
    await settled();
    expect(a.transport.connected()).toEqual(['b']);
    expect(b.transport.connected()).toEqual(['a']);
    expect(c.recorder.heard).toEqual(['up a', 'up b', 'down a: partitioned', 'down b: partitioned']);
    expect(a.transport.send('c', 0, new Uint8Array([2]))).toBe(false);
    network.heal();
    await settled();
    expect(c.transport.connected()).toEqual(['a', 'b']);
  });

  it('loses one direction in silence when it is muted', async () => {
    const { network, a, b } = await startPair();
    network.mute('a', 'b');
    expect(a.transport.send('b', 0, new Uint8Array([1]))).toBe(true);
    expect(b.transport.send('a', 0, new Uint8Array([2]))).toBe(true);
    await settled();
    expect(b.recorder.heard).toEqual(['up a']);
    expect(a.recorder.heard).toEqual(['up b', 'b to group 0: 2']);
  });

  it('tells peers of a close, calls the closed node no more, and takes it back under a new transport', async () => {
    const { network, a, b } = await startPair();
    b.transport.send('a', 0, new Uint8Array([1]));
    await a.transport.close();
    await settled();
    expect(a.recorder.heard).toEqual(['up b']);
    expect(b.recorder.heard).toEqual(['up a', 'down a: a closed its transport']);
    expect(a.transport.send('b', 0, new Uint8Array([1]))).toBe(false);
    const again = await start(network, 'a');
    await settled();
    expect(again.recorder.heard).toEqual(['up b']);
    await expect(a.transport.start(a.recorder, incarnationOf('a'))).rejects.toBeInstanceOf(
      InvalidArgumentError,
    );
  });

  it('refuses a second open transport of one id', async () => {
    const { network } = await startPair();
    expect(() => network.transport('a')).toThrow(InvalidArgumentError);
  });
});
