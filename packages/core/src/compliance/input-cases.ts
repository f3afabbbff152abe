/** Copies, digests, time, and bytes that nobody vouches for. */
import { ByteReader, ByteWriter } from '../bytes.js';
import type { EngineInput, EngineMessage } from '../engine.js';
import { isSynodError } from '../errors.js';
import { Random } from '../random.js';
import { demand } from './contract-watch.js';
import type { EngineCluster } from './engine-cluster.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import { awaitLeader, clusterOf, demandCommands, ledCluster } from './trial.js';

/** Cases about the engine as a value. */
export function inputCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  return [
    { name: 'has copies that go their own way', run: () => copies(engine) },
    { name: 'has a digest that is the same for the same history, and no other', run: () => digests(engine) },
    { name: 'starts no election because its process stood still', run: () => bearsPauses(engine) },
    {
      name: 'takes new timing, and refuses timing out of range without a change',
      run: () => retimes(engine),
    },
    { name: 'reads any bytes as a message or refuses them as no message', run: () => readsAnyBytes(engine) },
    { name: 'bears every message that damaged bytes make, without throwing', run: () => bearsDamage(engine) },
  ];
}

function copies<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const original = cluster.node('n1').engine;
  original.step({ type: 'propose', commands: [{ proposal: 1, data: Uint8Array.of(1) }] });
  const copy = original.clone();
  const before = original.fingerprint();
  demand(copy.fingerprint() === before, 'a copy has the digest of its original');
  copy.takeEffects();
  for (let ticks = 0; ticks < 50; ticks++) copy.step({ type: 'tick' });
  demand(original.fingerprint() === before, 'what is done to a copy does not move its original');
  const twin = original.clone();
  for (const each of [original, twin]) {
    each.takeEffects();
    for (let ticks = 0; ticks < 50; ticks++) each.step({ type: 'tick' });
  }
  demand(original.fingerprint() === twin.fingerprint(), 'a copy does the same as its original');
}

function digests<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const [left, right] = [ledCluster(engine), ledCluster(engine)];
  demand(digestOf(left) === digestOf(right), 'the same history gives the same digests');
  const inputs: readonly EngineInput<Message>[] = [
    { type: 'propose', commands: [{ proposal: 1, data: Uint8Array.of(1) }] },
    { type: 'read', context: 1, mode: 'index' },
  ];
  for (const input of inputs) {
    const moved = left.node('n1').engine.clone();
    const before = moved.fingerprint();
    moved.step(input);
    demand(moved.fingerprint() !== before, `${input.type} moves the digest of a leader`);
  }
  const { engine: follower } = left.node('n2');
  const untimed = follower.fingerprint({ untimed: true });
  follower.step({ type: 'tick' });
  demand(
    follower.fingerprint({ untimed: true }) === untimed,
    'a tick that does nothing moves no digest without time',
  );
  follower.fingerprint({ rename: (id) => `other ${id}` });
}

function digestOf<Message extends EngineMessage>(cluster: EngineCluster<Message>): string {
  return [...cluster.nodes.values()].map(({ engine }) => engine.fingerprint()).join();
}

function bearsPauses<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const { term } = cluster.node('n1');
  for (const id of cluster.nodes.keys()) cluster.step(id, { type: 'tick', missed: 1000 });
  cluster.tick(20);
  demand(
    cluster.leaders().join() === 'n1' && cluster.node('n1').term === term,
    'a pause of all starts no election',
  );
}

function retimes<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterOf(engine);
  const { engine: node } = cluster.node('n1');
  const before = node.fingerprint();
  for (const timing of [{ electionTicks: 0 }, { heartbeatTicks: -1 }, { electionTicks: 1.5 }]) {
    let code = 'nothing';
    try {
      node.step({ type: 'retime', timing });
    } catch (error) {
      code = isSynodError(error) ? error.code : 'another error';
    }
    demand(code === 'INVALID_ARGUMENT', `timing out of range throws InvalidArgumentError, not ${code}`);
    demand(node.fingerprint() === before, 'timing that is refused changes nothing');
  }
  for (const id of cluster.nodes.keys())
    cluster.step(id, { type: 'retime', timing: { electionTicks: 1000, heartbeatTicks: 2 } });
  cluster.tick(500);
  demand(cluster.leaders().length === 0, 'no election begins before the new election timeout');
  for (const id of cluster.nodes.keys()) cluster.step(id, { type: 'retime', timing: { electionTicks: 10 } });
  awaitLeader(cluster);
}

/** Messages of a cluster at work, as bytes. */
function messagesOf<Message extends EngineMessage>(engine: EngineUnderTest<Message>): readonly Uint8Array[] {
  const bytes: Uint8Array[] = [];
  const cluster = clusterOf(engine);
  cluster.step('n1', { type: 'campaign' });
  for (let ticks = 0; ticks < 20; ticks++) {
    for (const id of cluster.nodes.keys()) cluster.step(id, { type: 'tick' });
    if (cluster.node('n1').role === 'leader') cluster.propose('n1', `command ${ticks}`);
    cluster.step('n2', { type: 'read', context: ticks, mode: 'index' });
    for (let hops = 0; hops < 4; hops++)
      for (const message of cluster.network.splice(0)) {
        const writer = new ByteWriter();
        engine.codec.encode(message, writer);
        bytes.push(writer.take());
        cluster.deliver(message);
      }
  }
  return bytes;
}

/** Reads bytes; `undefined` when they are refused as they must be. */
function read<Message extends EngineMessage>(
  { codec }: EngineUnderTest<Message>,
  bytes: Uint8Array,
): Message | undefined {
  try {
    const reader = new ByteReader(bytes);
    const message = codec.decode(reader, 'n1', 'n2');
    reader.end();
    demand(message.from === 'n1' && message.to === 'n2', 'a message is of its authenticated sender');
    return message;
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'DECODE_FAILED') throw error;
    return undefined;
  }
}

function readsAnyBytes<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const random = new Random('any bytes');
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 256));
    read(engine, bytes);
  }
  for (const bytes of messagesOf(engine))
    demand(read(engine, bytes) !== undefined, 'what was written can be read');
}

function bearsDamage<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const random = new Random('damage');
  const messages = messagesOf(engine);
  let borne = 0;
  for (let round = 0; round < 2000; round++) {
    const original = messages[random.integer(0, messages.length)] ?? new Uint8Array();
    const bytes = Uint8Array.from(original);
    for (let changes = random.integer(1, 4); changes > 0; changes--)
      bytes[random.integer(0, bytes.length)] = random.integer(0, 256);
    const message = read(engine, bytes);
    // Who offers a snapshot has carried it here first, which nobody did.
    if (message === undefined || engine.codec.offeredSnapshot(message) !== undefined) continue;
    const cluster = ledCluster(engine);
    const victim = cluster.node('n2').engine;
    victim.step({ type: 'receive', message });
    victim.takeEffects();
    victim.status();
    borne++;
  }
  demand(borne > 100, `damaged messages reach the engine: ${borne} did`);
  const cluster = ledCluster(engine);
  cluster.propose('n1', 'x');
  cluster.tick(5);
  demandCommands(cluster, ['x']);
}
