/** One node of a cluster that is moved by hand: its engine, its disk, and what it told its caller. */
import { ByteReader } from '../bytes.js';
import type { DurableWrite, RecoveredState } from '../durable.js';
import type { ConsensusEngine, EngineMessage, Refusal } from '../engine.js';
import type { Entry } from '../entry.js';
import type { EngineEvent } from '../events.js';
import type { LogIndex, NodeId } from '../ids.js';
import { type Membership, readMembership } from '../membership.js';
import { decodeUtf8 } from '../utf8.js';
import type { DiskModel } from './disk-model.js';

/** Work that waits for the disk. */
export interface UnsavedWork<Message> {
  /** The write, unless the messages only wait for earlier ones. */
  readonly write: DurableWrite | undefined;
  /** What leaves once it is durable. */
  readonly after: readonly Message[];
}

/** Makes a node's engine: from its disk, in its life so many. */
export type StartEngine<Message extends EngineMessage> = (
  recovered: RecoveredState,
  life: number,
) => ConsensusEngine<Message>;

/** A node. All its fields may be looked at, and the lists emptied. */
export class EngineNode<Message extends EngineMessage> {
  /** Its name. */
  readonly id: NodeId;
  /** What lasts when it crashes. */
  readonly disk: DiskModel;
  /** The engine of its present life. */
  engine: ConsensusEngine<Message>;
  /** Entries that were applied in this life. */
  applied: Entry[] = [];
  /** Index that the state machine stands at: the last applied entry or installed snapshot. */
  machineIndex: LogIndex = 0;
  /** Members that govern there. */
  machineMembership: Membership;
  /** Reads whose barrier is through, with its index. */
  reads = new Map<number, LogIndex>();
  /** What its engine refused in this life. */
  refused: Refusal[] = [];
  /** What its engine told in this life. */
  events: EngineEvent[] = [];
  /** Writes that are not durable yet, oldest first. */
  unsaved: UnsavedWork<Message>[] = [];
  /** How often it was started. */
  lives = 0;
  readonly #membership: Membership;
  readonly #start: StartEngine<Message>;

  constructor(id: NodeId, disk: DiskModel, membership: Membership, start: StartEngine<Message>) {
    this.id = id;
    this.disk = disk;
    this.machineMembership = membership;
    this.#membership = membership;
    this.#start = start;
    this.engine = start(disk.recover(), 0);
  }

  /** Starts a new life from the disk; all else is lost. */
  restart(): void {
    this.applied = [];
    this.machineIndex = 0;
    this.machineMembership = this.#membership;
    this.unsaved = [];
    this.lives++;
    this.engine = this.#start(this.disk.recover(), this.lives);
  }

  /** The part that it plays. */
  get role(): string {
    return this.engine.status().role;
  }

  /** Its term, or the highest ballot that it promised. */
  get term(): number {
    return this.engine.status().term;
  }

  /** Ids of the voters that govern; outgoing ones behind a slash, learners in brackets. */
  get members(): string {
    return describeMembers(this.engine.status().membership);
  }

  /** Index of the entry in which a proposal of this node was applied, if it was. */
  answered(proposal: number): LogIndex | undefined {
    return this.applied.find((entry) => entry.proposal === proposal)?.index;
  }

  /** The log on disk as `term:text` from its first entry on; a no-op is `term:-`, and members stand in braces. */
  get log(): string[] {
    const { entries } = this.disk.recover();
    return entries.map((entry) => `${entry.term}:${describeEntry(entry)}`);
  }

  /** Texts of the commands that were applied in this life. */
  get commands(): string[] {
    return this.applied.filter((entry) => entry.kind === 'command').map((entry) => decodeUtf8(entry.data));
  }
}

function describeEntry(entry: Entry): string {
  if (entry.kind === 'noop') return '-';
  if (entry.kind === 'command') return decodeUtf8(entry.data);
  return `{${describeMembers(readMembership(new ByteReader(entry.data)))}}`;
}

function describeMembers({ members, outgoingVoters }: Membership): string {
  const voters = members.filter((member) => member.role === 'voter').map((member) => member.id);
  const learners = members.filter((member) => member.role === 'learner').map((member) => `(${member.id})`);
  const outgoing = outgoingVoters.length === 0 ? '' : ` / ${outgoingVoters.join(' ')}`;
  return `${[...voters, ...learners].join(' ')}${outgoing}`;
}

/**
 * Members from a list such as `n1 n2 (n4)`: learners stand in brackets, and the number in a name is the ordinal.
 *
 * @param list - The list.
 */
export function membersOf(list: string): Membership {
  const members = list.split(' ').map((item) => {
    const learner = item.startsWith('(');
    const id = learner ? item.slice(1, -1) : item;
    return { id, ordinal: Number(id.replace(/\D/g, '')), role: learner ? 'learner' : 'voter' } as const;
  });
  return { members: members.sort((left, right) => left.ordinal - right.ordinal), outgoingVoters: [] };
}
