/** What a group's durable state must be, computed the slow and obvious way, and random writes to compare by. */
import {
  type DurableWrite,
  type Entry,
  type GroupId,
  type LogPosition,
  logStart,
  Random,
  type RecoveredState,
  type SnapshotMeta,
} from '@synod/core';

export const membership = {
  members: [{ id: 'n1', ordinal: 1, role: 'voter' as const }],
  outgoingVoters: [],
};

export interface GroupModel {
  readonly entries: Map<number, Entry>;
  discarded: LogPosition;
  hardState: string | undefined;
}

export type NodeModel = Map<GroupId, GroupModel>;

export interface Step {
  readonly group: GroupId;
  readonly write: DurableWrite;
}

export function groupOf(model: NodeModel, group: GroupId): GroupModel {
  let state = model.get(group);
  if (state === undefined) {
    state = { entries: new Map(), discarded: logStart, hardState: undefined };
    model.set(group, state);
  }
  return state;
}

export function applyStep(model: NodeModel, { group, write }: Step): void {
  const state = groupOf(model, group);
  const { discardThrough, truncateFrom, entries, hardState } = write;
  if (discardThrough !== undefined && discardThrough.index >= state.discarded.index) {
    state.discarded = discardThrough;
    for (const index of [...state.entries.keys()])
      if (index <= discardThrough.index) state.entries.delete(index);
  }
  if (truncateFrom !== undefined) {
    for (const index of [...state.entries.keys()]) if (index >= truncateFrom) state.entries.delete(index);
  }
  for (const entry of entries) if (entry.index > state.discarded.index) state.entries.set(entry.index, entry);
  if (hardState !== undefined) state.hardState = Buffer.from(hardState).toString('hex');
}

export function modelAfter(steps: readonly Step[], count: number): NodeModel {
  const model: NodeModel = new Map();
  for (const step of steps.slice(0, count)) applyStep(model, step);
  return model;
}

/** A group's state in a form that equals another when the states do. */
export function printed(state: Pick<RecoveredState, 'discarded' | 'entries' | 'hardState'>): string {
  return JSON.stringify({
    discarded: state.discarded,
    entries: state.entries.map((entry) => [
      entry.index,
      entry.term,
      entry.kind,
      Buffer.from(entry.data).toString('hex'),
    ]),
    hardState: state.hardState === undefined ? null : Buffer.from(state.hardState).toString('hex'),
  });
}

export function printedModel(state: GroupModel): string {
  return printed({
    discarded: state.discarded,
    entries: [...state.entries.values()].sort((left, right) => left.index - right.index),
    ...(state.hardState === undefined ? {} : { hardState: Buffer.from(state.hardState, 'hex') }),
  });
}

/** Makes random but lawful writes: appends, conflicts, rewritten slots, gaps and discards. */
export class StepSource {
  readonly #random: Random;
  readonly #model: NodeModel = new Map();
  #sequence = 0;

  /** `before`: the steps that the state already has. */
  constructor(seed: number | string, before: readonly Step[] = []) {
    this.#random = new Random(seed);
    for (const step of before) applyStep(this.#model, step);
  }

  /** The position through which a next step may discard, to be covered by a snapshot first; or none. */
  discardable(group: GroupId): LogPosition | undefined {
    const state = groupOf(this.#model, group);
    const last = Math.max(state.discarded.index, ...state.entries.keys());
    if (last === state.discarded.index || !this.#random.chance(0.15)) return undefined;
    const index = this.#random.integer(state.discarded.index + 1, last + 1);
    return { index, term: state.entries.get(index)?.term ?? state.discarded.term + 1 };
  }

  next(group: GroupId, discardThrough: LogPosition | undefined, dataBytesMax = 60): Step {
    const random = this.#random;
    const state = groupOf(this.#model, group);
    const discarded = Math.max(state.discarded.index, discardThrough?.index ?? 0);
    const last = Math.max(discarded, ...state.entries.keys());
    const truncateFrom = random.chance(0.15) ? random.integer(discarded + 1, last + 2) : undefined;
    const entries: Entry[] = [];
    let index = random.chance(0.7) ? (truncateFrom ?? last + 1) : random.integer(discarded + 1, last + 3);
    for (let count = random.integer(0, 5); count > 0; count--) {
      const data = new Uint8Array(random.chance(0.02) ? 5000 : random.integer(0, dataBytesMax));
      for (let position = 0; position < data.length; position++) data[position] = random.integer(0, 256);
      entries.push({
        index,
        term: random.integer(1, 1000),
        kind: random.chance(0.9) ? 'command' : 'noop',
        data,
      });
      index += random.chance(0.9) ? 1 : 2;
    }
    const write: DurableWrite = {
      receipt: { sequence: ++this.#sequence, last: undefined },
      entries,
      ...(discardThrough === undefined ? {} : { discardThrough }),
      ...(truncateFrom === undefined ? {} : { truncateFrom }),
      ...(random.chance(0.5)
        ? { hardState: Uint8Array.of(random.integer(0, 256), this.#sequence & 255) }
        : {}),
    };
    const step = { group, write };
    applyStep(this.#model, step);
    return step;
  }
}

export function snapshotMeta({ index, term }: LogPosition): SnapshotMeta {
  return { index, term, membership };
}
