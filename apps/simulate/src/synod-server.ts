/**
 * One server of an explored Synod: the shipped node, its disk, and what the rules have to remember of its past. What an
 * input makes of a server depends on that server alone.
 */
import { createMembership, type Membership } from '@synod/core';
import {
  decodeSynodRecord,
  ordinalOf,
  type SynodInput,
  type SynodMessage,
  type SynodNode,
  type SynodOptions,
  type SynodSave,
} from '@synod/paxos';

/** Makes a node: the shipped one, or one with a planted bug. */
export type MakeSynodNode = (options: SynodOptions) => SynodNode;

/** A vote as the rules remember it: its ballot, and the client whose value it is for. */
export interface PastVote {
  readonly ballot: number;
  readonly value: number;
}

/** A rule that one server alone can break. */
export type ServerBreach =
  | 'promises never fall'
  | 'one vote a ballot'
  | 'no vote below a promise'
  | 'no ballot twice'
  | 'ballots are their owners'
  | 'durable before sent';

/** One server at one moment. Never changed once made. */
export interface SynodServer {
  readonly node: SynodNode;
  /** The durable record. */
  readonly disk: Uint8Array | undefined;
  /** Saves under way, oldest first, with what waits for each. */
  readonly saves: readonly { readonly save: SynodSave; readonly after: readonly SynodMessage[] }[];
  /** The client whose value was put here in this life, and not answered. */
  readonly client: number | undefined;
  /** The client whose value it knows to be chosen. */
  readonly learned: number | undefined;
  /** Every vote that was ever durable here. */
  readonly votes: readonly PastVote[];
  /** Highest ballot that was ever promised durably here. */
  readonly promised: number;
  /** Every ballot that ever left this server in a prepare. */
  readonly issued: readonly number[];
  /** The last of them in this life. */
  readonly current: number;
  readonly breach: ServerBreach | undefined;
}

/** How servers are made and run. */
export interface ServerSetting {
  readonly create: MakeSynodNode;
  readonly membership: Membership;
  readonly savesAtOnce: boolean;
}

/** What an input makes of a server. */
export interface ServerOutcome {
  readonly server: SynodServer;
  readonly sent: readonly SynodMessage[];
}

/** Names of the servers of a setting. */
export function serverIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${index + 1}`);
}

/** The setting of so many servers. */
export function serverSetting(create: MakeSynodNode, servers: number, savesAtOnce: boolean): ServerSetting {
  return { create, membership: createMembership(serverIds(servers)), savesAtOnce };
}

/** A server that was never started before. */
export function newServer({ create, membership }: ServerSetting, id: string): SynodServer {
  return {
    node: create({ id, membership, seed: 0 }),
    disk: undefined,
    saves: [],
    client: undefined,
    learned: undefined,
    votes: [],
    promised: 0,
    issued: [],
    current: 0,
    breach: undefined,
  };
}

/** A server after an input. */
export function stepped(
  setting: ServerSetting,
  server: SynodServer,
  input: SynodInput,
  client = server.client,
): ServerOutcome {
  const work = new ServerWork(setting, { ...server, client, node: server.node.clone() });
  work.step(input);
  return work.outcome();
}

/** A server after its oldest save became durable. */
export function saved(setting: ServerSetting, server: SynodServer): ServerOutcome {
  const work = new ServerWork(setting, { ...server, node: server.node.clone() });
  work.finishSave();
  return work.outcome();
}

/** A server that died, with so many of its saves on disk, and started again. Its clients wait in vain. */
export function restarted(setting: ServerSetting, server: SynodServer, savesKept: number): ServerOutcome {
  const { create, membership } = setting;
  const work = new ServerWork(setting, server);
  for (const { save } of server.saves.slice(0, savesKept)) work.keep(save.record);
  const { server: dead } = work.outcome();
  const options = { id: server.node.id, membership, seed: 0 };
  const node = create(dead.disk === undefined ? options : { ...options, recovered: dead.disk });
  const { decided } = node.status();
  return {
    server: { ...dead, node, saves: [], client: undefined, learned: decided?.[0], current: 0 },
    sent: [],
  };
}

/**
 * Whether a server will never heed a message any more, whatever happens to it: answers to a ballot that it has left
 * behind, and anything but requests once its disk knows the decision.
 */
export function isSpent({ node, disk }: SynodServer, message: SynodMessage): boolean {
  if (message.type === 'prepare' || message.type === 'accept') return false;
  const record = disk === undefined ? undefined : decodeSynodRecord(disk);
  if (record?.decided !== undefined) return true;
  if (message.type === 'decided') return false;
  const { phase, ballot } = node.status();
  if (message.ballot !== ballot)
    return message.type !== 'refused' || message.promised <= (record?.promised ?? 0);
  return message.type === 'promise' && phase !== 'prepare';
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Carries the effects of one input out. */
class ServerWork {
  readonly #setting: ServerSetting;
  readonly #server: Writable<SynodServer>;
  readonly #sent: SynodMessage[] = [];

  constructor(setting: ServerSetting, server: SynodServer) {
    this.#setting = setting;
    this.#server = { ...server };
  }

  outcome(): ServerOutcome {
    return { server: this.#server, sent: this.#sent };
  }

  step(input: SynodInput): void {
    this.#server.node.step(input);
    this.#carryOut();
  }

  finishSave(): void {
    const [first, ...rest] = this.#server.saves;
    if (first === undefined) return;
    this.#server.saves = rest;
    this.keep(first.save.record);
    this.#send(first.after);
    this.step({ type: 'saved', sequence: first.save.sequence });
  }

  #carryOut(): void {
    const server = this.#server;
    const effects = server.node.takeEffects();
    if (effects === undefined) return;
    const { save, sendNow, sendAfterSave, outcomes } = effects;
    for (const outcome of outcomes) if (outcome.type === 'decided') server.learned = outcome.value[0];
    this.#send(sendNow);
    const last = server.saves.at(-1);
    if (save !== undefined) server.saves = [...server.saves, { save, after: sendAfterSave }];
    else if (last === undefined) this.#send(sendAfterSave);
    else server.saves = [...server.saves.slice(0, -1), { ...last, after: [...last.after, ...sendAfterSave] }];
    if (save !== undefined && this.#setting.savesAtOnce) this.finishSave();
  }

  /** A record is on the disk now. */
  keep(record: Uint8Array): void {
    const server = this.#server;
    const { promised, vote } = decodeSynodRecord(record);
    if (promised < server.promised) this.#breach('promises never fall');
    if (vote !== undefined) {
      const past = { ballot: vote.ballot, value: vote.value[0] ?? 0 };
      const same = server.votes.find(({ ballot }) => ballot === past.ballot);
      if (same !== undefined && same.value !== past.value) this.#breach('one vote a ballot');
      if (same === undefined && past.ballot < server.promised) this.#breach('no vote below a promise');
      if (same?.value !== past.value) server.votes = [...server.votes, past];
    }
    server.promised = Math.max(server.promised, promised);
    server.disk = record;
  }

  #send(messages: readonly SynodMessage[]): void {
    for (const message of messages) {
      this.#checkSent(message);
      this.#sent.push(message);
    }
  }

  #checkSent(message: SynodMessage): void {
    const server = this.#server;
    const disk = server.disk === undefined ? undefined : decodeSynodRecord(server.disk);
    if (message.type === 'prepare') this.#noteIssued(message.ballot);
    if (message.type === 'promise' || message.type === 'accepted' || message.type === 'prepare') {
      if ((disk?.promised ?? 0) < message.ballot) this.#breach('durable before sent');
    }
    if (message.type === 'accepted' && (disk?.vote?.ballot ?? 0) < message.ballot)
      this.#breach('durable before sent');
  }

  #noteIssued(ballot: number): void {
    const server = this.#server;
    if (ballot === server.current) return;
    if (server.issued.includes(ballot)) this.#breach('no ballot twice');
    const ordinal = this.#setting.membership.members.find(({ id }) => id === server.node.id)?.ordinal;
    if (ordinalOf(ballot) !== ordinal) this.#breach('ballots are their owners');
    server.issued = [...server.issued, ballot];
    server.current = ballot;
  }

  #breach(rule: ServerBreach): void {
    this.#server.breach ??= rule;
  }
}
