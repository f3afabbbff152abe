/** One host with one replica of a scripted engine, everything around it in the test's hand. */
import type { NodeId } from '@synod/core';
import { ManualClock, MemoryNodeStorage } from '@synod/core/memory';
import {
  type GroupOptions,
  type HostEvent,
  openReplicaHost,
  type Replica,
  type ReplicaHost,
} from '../src/index.js';
import { type Count, Counter } from './counter.js';
import {
  actAlone,
  HeldDefer,
  HeldTransport,
  type Note,
  noteCodec,
  ScriptedEngine,
  settled,
} from './scripted-engine.js';

/** What a test may set. */
export interface SoloOptions {
  readonly membershipIds?: readonly NodeId[];
  readonly storage?: MemoryNodeStorage;
  /** Holds the storage's syncs until they are released. */
  readonly holdsSaves?: boolean;
  /** Whether the engine acts as the only voter. Default `true`. */
  readonly actsAlone?: boolean;
  readonly counter?: Counter;
  readonly group?: Partial<GroupOptions<Note, Count>>;
}

/** What a test gets. */
export interface Solo {
  readonly host: ReplicaHost;
  readonly replica: Replica<Count>;
  readonly engine: ScriptedEngine;
  readonly counter: Counter;
  readonly storage: MemoryNodeStorage;
  readonly transport: HeldTransport;
  readonly clock: ManualClock;
  readonly saves: HeldDefer;
  readonly events: HostEvent[];
  /** Lets a number of ticks pass. */
  tick(count?: number): Promise<void>;
}

const tickMs = 10;
export const incarnation = '0123456789abcdef0123456789abcdef';

export async function openSolo(options: SoloOptions = {}): Promise<Solo> {
  const { membershipIds = ['n1'], actsAlone = true, counter = new Counter(), group = {} } = options;
  const saves = new HeldDefer();
  const storage =
    options.storage ??
    new MemoryNodeStorage(incarnation, options.holdsSaves === true ? { defer: saves.defer } : {});
  const transport = new HeldTransport('n1');
  const clock = new ManualClock();
  const events: HostEvent[] = [];
  const opening = openReplicaHost({
    id: 'n1',
    membershipIds,
    storage,
    transport,
    clock,
    tickMs,
    onEvent: (event) => events.push(event),
  });
  const host = await opening;
  let engine: ScriptedEngine | undefined;
  const replica = host.openGroup<Note, Count>({
    createEngine: (start) => {
      engine = new ScriptedEngine(start);
      if (actsAlone) actAlone(engine);
      return engine;
    },
    codec: noteCodec,
    stateMachine: counter,
    ...group,
  });
  if (engine === undefined) throw new Error('no engine was made');
  await settled();
  // The admission of the only voter is a save too.
  await saves.release();
  const tick = async (count = 1) => {
    for (let round = 0; round < count; round++) {
      clock.advance(tickMs);
      await settled(1);
    }
  };
  return { host, replica, engine, counter, storage, transport, clock, saves, events, tick };
}

/** How a promise ended, without waiting longer than the event loop needs. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  const later = settled().then(() => 'pending' as const);
  const ended = promise.then(
    () => 'resolved' as const,
    () => 'rejected' as const,
  );
  return Promise.race([ended, later]);
}
