/** An engine that does what the test says, over a transport and a storage that the test holds in its hand. */
import {
  type ByteReader,
  type ByteWriter,
  type ConsensusEngine,
  type Defer,
  type DurableWrite,
  type Effects,
  type EngineEvent,
  type EngineInput,
  type EngineStart,
  type EngineStatus,
  type Entry,
  type Lane,
  logStart,
  type MessageCodec,
  type NodeId,
  readMembership,
  type SnapshotMeta,
  type Transport,
  type TransportHandler,
  writeMembership,
} from '@synod/core';

/** A message of the scripted engine. */
export interface Note {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly text: string;
  /** Decoded as a view of the payload, like the entries of a real engine. */
  readonly body?: Uint8Array;
  readonly snapshot?: SnapshotMeta;
}

export const noteCodec: MessageCodec<Note> = {
  encode({ text, body = new Uint8Array(), snapshot }: Note, writer: ByteWriter) {
    writer.string(text);
    writer.bytes(body);
    writer.boolean(snapshot !== undefined);
    if (snapshot === undefined) return;
    writer.varint(snapshot.index);
    writer.varint(snapshot.term);
    writeMembership(writer, snapshot.membership);
  },
  decode(reader: ByteReader, from: NodeId, to: NodeId): Note {
    const text = reader.string();
    const body = reader.bytes();
    if (!reader.boolean()) return body.length === 0 ? { from, to, text } : { from, to, text, body };
    const index = reader.varint();
    const term = reader.varint();
    return { from, to, text, snapshot: { index, term, membership: readMembership(reader) } };
  },
  withSnapshot: (message, snapshot) => ({ ...message, snapshot }),
  offeredSnapshot: ({ snapshot }) => snapshot,
};

type NoteInput = EngineInput<Note>;

/** Records every input and gives the effects that a test emits. */
export class ScriptedEngine implements ConsensusEngine<Note> {
  readonly kind = 'raft';
  readonly id: NodeId;
  readonly group: number;
  readonly start: EngineStart;
  readonly inputs: NoteInput[] = [];
  /** What to do on an input; may throw, as an engine with a broken invariant does. */
  onStep: (input: NoteInput) => void = () => undefined;
  #effects: Effects<Note> | undefined;
  #sequence = 0;

  constructor(start: EngineStart) {
    this.id = start.id;
    this.group = start.group;
    this.start = start;
  }

  step(input: NoteInput): void {
    this.inputs.push(input);
    this.onStep(input);
  }

  /** Adds to what is taken next. */
  emit(effects: Partial<Effects<Note>>): void {
    const before = this.#effects;
    const both = <Item>(earlier: readonly Item[] | undefined, later: readonly Item[] | undefined) => [
      ...(earlier ?? []),
      ...(later ?? []),
    ];
    const save = effects.save ?? before?.save;
    this.#effects = {
      ...(save === undefined ? {} : { save }),
      sendNow: both(before?.sendNow, effects.sendNow),
      sendAfterSave: both(before?.sendAfterSave, effects.sendAfterSave),
      committed: both(before?.committed, effects.committed),
      reads: both(before?.reads, effects.reads),
      refused: both(before?.refused, effects.refused),
      snapshots: both(before?.snapshots, effects.snapshots),
      events: both<EngineEvent>(before?.events, effects.events),
    };
  }

  /** The next write of this engine. */
  write(...entries: readonly Entry[]): DurableWrite {
    this.#sequence++;
    const last = entries.at(-1);
    return {
      receipt: { sequence: this.#sequence, last: last && { index: last.index, term: last.term } },
      entries,
    };
  }

  takeEffects(): Effects<Note> | undefined {
    const effects = this.#effects;
    this.#effects = undefined;
    return effects;
  }

  /** Inputs of one type. */
  inputsOf<Type extends NoteInput['type']>(type: Type): Extract<NoteInput, { readonly type: Type }>[] {
    return this.inputs.filter(
      (input): input is Extract<NoteInput, { readonly type: Type }> => input.type === type,
    );
  }

  status(): EngineStatus {
    return {
      kind: this.kind,
      id: this.id,
      group: this.group,
      role: 'follower',
      term: 0,
      leader: undefined,
      commitIndex: 0,
      appliedIndex: 0,
      durableIndex: 0,
      firstIndex: 1,
      lastIndex: 0,
      snapshot: logStart,
      membership: this.start.membership,
      peers: [],
      pendingReads: 0,
      explanation: 'it waits for nothing',
    };
  }

  clone(): ConsensusEngine<Note> {
    throw new Error('a scripted engine has no copy');
  }

  fingerprint(): string {
    return '0000000000000000';
  }
}

/**
 * Makes an engine the only voter of its group: what is proposed is saved, and committed once it is durable; what is
 * read waits for that.
 */
export function actAlone(engine: ScriptedEngine): void {
  let lastIndex = 0;
  let durableIndex = 0;
  const waiting: Entry[] = [];
  engine.onStep = (input) => {
    if (input.type === 'propose') {
      const entries = input.commands.map(({ proposal, data }): Entry => {
        lastIndex++;
        return { index: lastIndex, term: 1, kind: 'command', data, proposal };
      });
      waiting.push(...entries);
      engine.emit({ save: engine.write(...entries) });
    } else if (input.type === 'saved' && input.receipt.last !== undefined) {
      durableIndex = input.receipt.last.index;
      const count = waiting.filter(({ index }) => index <= durableIndex).length;
      engine.emit({ committed: waiting.splice(0, count) });
    } else if (input.type === 'read') {
      engine.emit({ reads: [{ context: input.context, index: durableIndex }] });
    }
  };
}

/** A payload that was sent. */
export interface SentPayload {
  readonly to: NodeId;
  readonly group: number;
  readonly payload: Uint8Array;
  readonly lane: Lane;
}

/** A transport that keeps what is sent and hears what the test says. */
export class HeldTransport implements Transport {
  readonly local: NodeId;
  readonly sent: SentPayload[] = [];
  /** Whether payloads are taken. */
  takes = true;
  isClosed = false;
  #handler: TransportHandler | undefined;

  constructor(local: NodeId) {
    this.local = local;
  }

  get handler(): TransportHandler {
    if (this.#handler === undefined) throw new Error('the transport is not started');
    return this.#handler;
  }

  async start(handler: TransportHandler): Promise<void> {
    this.#handler = handler;
  }

  send(to: NodeId, group: number, payload: Uint8Array, lane: Lane = 'protocol'): boolean {
    if (!this.takes) return false;
    this.sent.push({ to, group, payload: new Uint8Array(payload), lane });
    return true;
  }

  connected(): readonly NodeId[] {
    return [];
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** Texts of the notes that were sent, in order. */
  notes(): readonly string[] {
    return this.sent.flatMap(({ payload }) => noteTexts(payload));
  }
}

function noteTexts(payload: Uint8Array): readonly string[] {
  // Kind, then for each note its length, its text, no body and no snapshot: the texts of tests are short.
  const texts: string[] = [];
  for (let at = 1; at < payload.length; at += (payload[at] ?? 0) + 3) {
    texts.push(Buffer.from(payload.subarray(at + 1, at + 1 + (payload[at] ?? 0))).toString());
  }
  return texts;
}

/** A way to put things off until the test says so. */
export class HeldDefer {
  readonly #held: (() => void)[] = [];
  readonly defer: Defer = (callback) => this.#held.push(callback);

  /** Number of callbacks that wait. */
  get size(): number {
    return this.#held.length;
  }

  /** Calls what waits now, and lets promises settle. */
  async release(): Promise<void> {
    for (const callback of this.#held.splice(0)) callback();
    await settled();
  }
}

/** Resolves when the event loop has gone round. */
export async function settled(rounds = 3): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
}
