/**
 * One node as the explorer sees it: an engine, what its disk holds, the saves under way, and what must be remembered
 * of it for ever to judge it. Everything that concerns one node alone happens and is checked here, so that the model
 * can do it once for all the states of the cluster in which that node stands as it does.
 */
import type {
  ConsensusEngine,
  DurableWrite,
  Effects,
  EngineInput,
  EngineMessage,
  EngineStart,
  EngineStatus,
  Entry,
  LogIndex,
  Membership,
  NodeId,
  Term,
} from '@synod/core';
import { invariant, logStart } from '@synod/core';
import type { DurablePromise, JudgedEngine } from '../subject.js';
import { demand, guardEngine } from '../violation.js';

/** An engine to be explored. */
export interface ExploredEngine<Message extends EngineMessage> extends JudgedEngine<Message> {
  /**
   * Makes an engine whose clocks never strike within an exploration: the explorer ticks leaders for heartbeats, and
   * feeds campaigns where an election timeout would pass.
   *
   * @param start - As in production.
   */
  create(start: EngineStart): ConsensusEngine<Message>;
  /**
   * A hard state with other names in it. With it, states that differ only in who is who count as one.
   *
   * @param hardState - Bytes that the engine had saved.
   * @param rename - The other name of a node.
   */
  renameHardState?(hardState: Uint8Array, rename: (id: NodeId) => string): Uint8Array;
}

/** A write that was asked for and is not durable, and the messages that wait for it. */
export interface PendingSave<Message> {
  readonly write: DurableWrite | undefined;
  readonly after: readonly Message[];
}

/** A node at one moment. Never changed once made. */
export interface ExploredNode<Message extends EngineMessage> {
  readonly id: NodeId;
  readonly engine: ConsensusEngine<Message>;
  readonly status: EngineStatus;
  readonly hardState: Uint8Array | undefined;
  /** The durable log, from index 1 on. */
  readonly disk: readonly Entry[];
  readonly saves: readonly PendingSave<Message>[];
  /** Index that its state machine stands at, in this life. */
  readonly machineIndex: LogIndex;
  /** Terms that it ever led, ascending. */
  readonly led: readonly Term[];
  /** Whom it ever voted for, by term. */
  readonly votes: ReadonlyMap<Term, NodeId>;
  /** The longest sequence of entries that it ever applied. */
  readonly applied: readonly Entry[];
}

/** What became of a node, and what it sent. */
export interface NodeOutcome<Message extends EngineMessage> {
  readonly node: ExploredNode<Message>;
  readonly sent: readonly Message[];
}

/** What all nodes of one exploration have in common. */
export interface NodeSetting<Message extends EngineMessage> {
  readonly engine: ExploredEngine<Message>;
  readonly membership: Membership;
  /** Whether saves are durable at once. */
  readonly savesAtOnce: boolean;
}

/** A node that starts for the first time. */
export function newNode<Message extends EngineMessage>(
  setting: NodeSetting<Message>,
  id: NodeId,
): NodeOutcome<Message> {
  const unborn = { id, hardState: undefined, disk: [], led: [], votes: new Map(), applied: [] };
  return started(setting, unborn);
}

/** What an input makes of a node. */
export function stepped<Message extends EngineMessage>(
  setting: NodeSetting<Message>,
  node: ExploredNode<Message>,
  input: EngineInput<Message>,
): NodeOutcome<Message> {
  const turn = new Turn(setting, node, node.engine.clone(), node);
  turn.step(input);
  return turn.end();
}

/** The oldest save under way becomes durable. */
export function saved<Message extends EngineMessage>(
  setting: NodeSetting<Message>,
  node: ExploredNode<Message>,
): NodeOutcome<Message> {
  const turn = new Turn(setting, node, node.engine.clone(), node);
  turn.completeSave();
  return turn.end();
}

/** The process dies and starts again. Of the saves under way the first few may have become durable. */
export function restarted<Message extends EngineMessage>(
  setting: NodeSetting<Message>,
  node: ExploredNode<Message>,
  savesKept: number,
): NodeOutcome<Message> {
  let { hardState, disk } = node;
  for (const { write } of node.saves.slice(0, savesKept)) {
    if (write === undefined) continue;
    disk = written(disk, write);
    hardState = write.hardState ?? hardState;
  }
  const durable = promiseOf(setting, hardState);
  const outcome = started(setting, { ...node, hardState, disk });
  const { term } = outcome.node.status;
  demand(
    durable === undefined || term >= durable.term,
    'monotone',
    () => `${node.id} restarts in term ${term}, though its disk holds term ${durable?.term}`,
  );
  return outcome;
}

/** What a log is after a write. */
export function written(log: readonly Entry[], write: DurableWrite): readonly Entry[] {
  const { discardThrough, truncateFrom, entries } = write;
  invariant(discardThrough === undefined, 'explored nodes take no snapshots');
  if (truncateFrom === undefined && entries.length === 0) return log;
  const changed = truncateFrom === undefined ? [...log] : log.slice(0, truncateFrom - 1);
  for (const { index, term, kind, data } of entries) {
    demand(index <= changed.length + 1, 'engine', () => `a write leaves a gap before index ${index}`);
    changed[index - 1] = { index, term, kind, data };
  }
  return changed;
}

type Lasting<Message extends EngineMessage> = Pick<
  ExploredNode<Message>,
  'id' | 'hardState' | 'disk' | 'led' | 'votes' | 'applied'
>;

/** The first save of a life is durable at once: a crash before it leaves the disk as it was before the start. */
function started<Message extends EngineMessage>(
  setting: NodeSetting<Message>,
  { id, hardState, disk, led, votes, applied }: Lasting<Message>,
): NodeOutcome<Message> {
  const recovered = {
    discarded: logStart,
    entries: disk,
    ...(hardState === undefined ? {} : { hardState }),
  };
  const { membership } = setting;
  const engine = guardEngine(id, () =>
    setting.engine.create({ id, group: 0, membership, recovered, seed: 1 }),
  );
  const status = engine.status();
  const born = { id, engine, status, hardState, disk, saves: [], machineIndex: 0, led, votes, applied };
  const turn = new Turn(setting, born, engine, born);
  turn.settle();
  while (turn.isSaving) turn.completeSave();
  return turn.end();
}

function promiseOf<Message extends EngineMessage>(
  { engine }: NodeSetting<Message>,
  hardState: Uint8Array | undefined,
): DurablePromise | undefined {
  if (engine.readHardState === undefined) return undefined;
  return hardState === undefined ? { term: 0, votedFor: undefined } : engine.readHardState(hardState);
}

/** One turn of a node: its engine works on a copy, and its effects are carried out in the order that is law. */
class Turn<Message extends EngineMessage> {
  readonly #setting: NodeSetting<Message>;
  readonly #engine: ConsensusEngine<Message>;
  readonly #before: ExploredNode<Message>;
  readonly #sent: Message[] = [];
  #hardState: Uint8Array | undefined;
  #disk: readonly Entry[];
  #saves: readonly PendingSave<Message>[];
  #machineIndex: LogIndex;
  #led: readonly Term[];
  #votes: ReadonlyMap<Term, NodeId>;
  #applied: readonly Entry[];

  constructor(
    setting: NodeSetting<Message>,
    before: ExploredNode<Message>,
    engine: ConsensusEngine<Message>,
    { hardState, disk, saves, machineIndex, led, votes, applied }: ExploredNode<Message>,
  ) {
    this.#setting = setting;
    this.#before = before;
    this.#engine = engine;
    this.#hardState = hardState;
    this.#disk = disk;
    this.#saves = saves;
    this.#machineIndex = machineIndex;
    this.#led = led;
    this.#votes = votes;
    this.#applied = applied;
  }

  get isSaving(): boolean {
    return this.#saves.length > 0;
  }

  step(input: EngineInput<Message>): void {
    guardEngine(this.#before.id, () => this.#engine.step(input));
    this.settle();
  }

  completeSave(): void {
    const [save, ...others] = this.#saves;
    invariant(save !== undefined, 'a save that ends was under way');
    this.#saves = others;
    const { write, after } = save;
    if (write !== undefined) {
      this.#disk = written(this.#disk, write);
      this.#hardState = write.hardState ?? this.#hardState;
      guardEngine(this.#before.id, () => this.#engine.step({ type: 'saved', receipt: write.receipt }));
    }
    for (const message of after) this.#send(message);
    this.settle();
  }

  settle(): void {
    for (let rounds = 0; ; rounds++) {
      const effects = guardEngine(this.#before.id, () => this.#engine.takeEffects());
      if (effects === undefined) return;
      demand(rounds < 1_000, 'engine', () => `${this.#before.id}: its effects never end`);
      this.#carryOut(effects);
    }
  }

  end(): NodeOutcome<Message> {
    const { id, status: before } = this.#before;
    const status = this.#engine.status();
    demand(
      status.term >= before.term && status.commitIndex >= before.commitIndex,
      'monotone',
      () =>
        `${id} goes from term ${before.term} to ${status.term}, from commit index ${before.commitIndex} to ${status.commitIndex}`,
    );
    const node = {
      id,
      engine: this.#engine,
      status,
      hardState: this.#hardState,
      disk: this.#disk,
      saves: this.#saves,
      machineIndex: this.#machineIndex,
      led: this.#led,
      votes: this.#votes,
      applied: this.#applied,
    };
    return { node, sent: this.#sent };
  }

  #carryOut({ events, save, sendNow, sendAfterSave, committed, snapshots }: Effects<Message>): void {
    invariant(snapshots.length === 0, 'explored nodes take no snapshots');
    for (const event of events) {
      if (event.type === 'roleChanged' && event.to === 'leader') this.#leads(event.term);
    }
    for (const message of sendNow) this.#send(message);
    if (save !== undefined || (sendAfterSave.length > 0 && this.isSaving)) {
      this.#saves = [...this.#saves, { write: save, after: sendAfterSave }];
    } else {
      for (const message of sendAfterSave) this.#send(message);
    }
    for (const entry of committed) this.#apply(entry);
    if (committed.length > 0) {
      guardEngine(this.#before.id, () => this.#engine.step({ type: 'applied', through: this.#machineIndex }));
    }
    if (this.#setting.savesAtOnce && this.isSaving) this.completeSave();
  }

  #leads(term: Term): void {
    if (!this.#led.includes(term)) this.#led = [...this.#led, term].sort((left, right) => left - right);
  }

  #apply({ index, term, kind, data }: Entry): void {
    const { id } = this.#before;
    demand(
      index === this.#machineIndex + 1,
      'apply order',
      () => `${id} applies index ${index} after index ${this.#machineIndex}`,
    );
    demand(
      this.#disk[index - 1]?.term === term,
      'committed is durable',
      () => `${id} applies index ${index} of term ${term}, which its own disk does not hold`,
    );
    this.#machineIndex = index;
    const entry = { index, term, kind, data };
    const earlier = this.#applied[index - 1];
    if (earlier === undefined) {
      this.#applied = [...this.#applied, entry];
      return;
    }
    demand(
      isSameEntry(earlier, entry),
      'state machine safety',
      () =>
        `${id} applies an entry of term ${term} at index ${index}, where it applied another of term ${earlier.term} before`,
    );
  }

  /** What a message promises must be on the disk when it leaves, and must not go against an earlier promise. */
  #send(message: Message): void {
    this.#sent.push(message);
    const { id } = this.#before;
    const claim = this.#setting.engine.claim?.(message);
    if (claim === undefined) return;
    if (claim.type === 'leads') return this.#leads(claim.term);
    const { type, term } = claim;
    const durable = promiseOf(this.#setting, this.#hardState);
    demand(
      durable === undefined || durable.term >= term,
      'durable before promised',
      () => `${id} sends a ${type} of term ${term}, but its disk holds term ${durable?.term}`,
    );
    if (claim.type === 'holds') {
      demand(
        claim.through <= this.#disk.length,
        'durable before promised',
        () => `${id} says that it holds index ${claim.through}, but its disk does not`,
      );
      return;
    }
    const candidate = claim.type === 'vote' ? claim.candidate : id;
    demand(
      durable === undefined || durable.term !== term || durable.votedFor === candidate,
      'durable before promised',
      () =>
        `${id} votes for ${candidate} in term ${term}, but its disk holds a vote for ${durable?.votedFor ?? 'nobody'}`,
    );
    const earlier = this.#votes.get(term);
    demand(
      earlier === undefined || earlier === candidate,
      'one vote',
      () => `${id} votes for ${candidate} in term ${term}, in which it voted for ${earlier}`,
    );
    if (earlier === undefined) this.#votes = new Map(this.#votes).set(term, candidate);
  }
}

/** Whether two entries are one. */
export function isSameEntry(left: Entry, right: Entry): boolean {
  if (left === right) return true;
  const sameData =
    left.data.length === right.data.length && left.data.every((byte, at) => byte === right.data[at]);
  return left.index === right.index && left.term === right.term && left.kind === right.kind && sameData;
}
