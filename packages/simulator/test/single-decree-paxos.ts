/**
 * Single-decree Paxos (Paxos Made Simple §2) with clients that put one value each and then get, as a model: like for
 * like the scenario whose number of states is published with stateright (examples/paxos.rs, v0.31: 2 clients, 3
 * servers, 16 668 unique states). To give the same number it must agree with that one in what a state holds: servers,
 * clients, the multiset of messages under way, and the history that a linearizability test sees.
 */
import type { Model, StateHash } from '../src/index.js';

type Ballot = readonly [round: number, server: number];
type Proposal = readonly [request: number, client: number, value: string];
type Vote = readonly [Ballot, Proposal];

interface Server {
  readonly ballot: Ballot;
  readonly proposal: Proposal | null;
  /** By server: what it had accepted when it promised. */
  readonly promises: Readonly<Record<number, Vote | null>>;
  readonly acceptors: readonly number[];
  readonly accepted: Vote | null;
  readonly decided: boolean;
}

interface Client {
  readonly awaiting: number | null;
  readonly operations: number;
}

type Body =
  | readonly ['prepare', Ballot]
  | readonly ['promise', Ballot, Vote | null]
  | readonly ['accept', Ballot, Proposal]
  | readonly ['accepted', Ballot]
  | readonly ['decided', Ballot, Proposal]
  | readonly ['put', request: number, value: string]
  | readonly ['get', request: number]
  | readonly ['putDone', request: number]
  | readonly ['getDone', request: number, value: string];

/** One message on its way. */
export type Envelope = readonly [from: number, to: number, Body];

/** What a client asked: a write of a value, or a read. */
type Operation = readonly ['write', string] | readonly ['read'];
/** By other client: how many of its operations had ended when this one began. */
type Before = Readonly<Record<number, number>>;
interface ClientHistory {
  readonly ended: readonly (readonly [Before, Operation, result: string])[];
  readonly open: readonly [Before, Operation] | null;
}

/** All of it at one moment. */
export interface PaxosState {
  readonly servers: readonly Server[];
  readonly clients: readonly Client[];
  /** By message, as JSON: how many of it are under way. */
  readonly network: ReadonlyMap<string, number>;
  readonly history: Readonly<Record<number, ClientHistory>>;
}

/** A message arrives, or gets lost. */
export interface PaxosAction {
  readonly type: 'deliver' | 'lose';
  readonly envelope: Envelope;
}

/** What to explore. */
export interface PaxosOptions {
  readonly clients: number;
  readonly servers: number;
  /** Whether messages can get lost. */
  readonly lossy?: boolean;
  /** Whether a message can arrive any number of times. */
  readonly duplicating?: boolean;
}

/** The model. */
export function singleDecreePaxos(options: PaxosOptions): Model<PaxosState, PaxosAction> {
  return {
    initial: () => [initialState(options)],
    *actions({ network }) {
      for (const key of network.keys()) {
        const envelope: Envelope = JSON.parse(key);
        yield { type: 'deliver', envelope };
        if (options.lossy === true) yield { type: 'lose', envelope };
      }
    },
    next: (state, action) => {
      if (action.type === 'lose') return { ...state, network: without(state.network, action.envelope) };
      return delivered(state, action.envelope, options);
    },
    fold,
    always: [{ name: 'linearizable', holds: ({ history }) => isLinearizable(history) }],
    sometimes: [
      {
        name: 'value chosen',
        holds: ({ network }) => [...network.keys()].some((key) => key.includes('"getDone"')),
      },
    ],
  };
}

function initialState({ clients, servers }: PaxosOptions): PaxosState {
  const server: Server = {
    ballot: [0, 0],
    proposal: null,
    promises: {},
    acceptors: [],
    accepted: null,
    decided: false,
  };
  let network: ReadonlyMap<string, number> = new Map();
  const history: Record<number, ClientHistory> = {};
  for (let id = servers; id < servers + clients; id++) {
    const value = String.fromCharCode('A'.charCodeAt(0) + id - servers);
    network = withMessage(network, [id, id % servers, ['put', id, value]]);
    history[id] = { ended: [], open: [{}, ['write', value]] };
  }
  return {
    servers: Array.from({ length: servers }, () => server),
    clients: Array.from({ length: clients }, (_, offset) => ({ awaiting: servers + offset, operations: 1 })),
    network,
    history,
  };
}

function fold({ servers, clients, network, history }: PaxosState, hash: StateHash): void {
  hash.text(JSON.stringify([servers, clients, history]));
  for (const [key, count] of [...network].sort()) hash.text(key).word(count);
}

/** Nothing comes of a message that its receiver ignores: it stays under way. */
function delivered(state: PaxosState, envelope: Envelope, options: PaxosOptions): PaxosState | undefined {
  const [from, to, body] = envelope;
  const isServer = to < options.servers;
  const answer = isServer ? serverStep(state, from, to, body, options) : clientStep(state, to, body, options);
  if (answer === undefined) return undefined;
  let network = options.duplicating === true ? state.network : without(state.network, envelope);
  for (const message of answer.sent) network = withMessage(network, message, options.duplicating);
  return { ...answer.state, network };
}

interface Answer {
  readonly state: PaxosState;
  readonly sent: readonly Envelope[];
}

function clientStep(
  state: PaxosState,
  id: number,
  body: Body,
  { servers }: PaxosOptions,
): Answer | undefined {
  const offset = id - servers;
  const client = state.clients[offset];
  if (client === undefined || client.awaiting === null || client.awaiting !== body[1]) return undefined;
  const operations = client.operations + 1;
  if (body[0] === 'putDone') {
    const request = operations * id;
    const history = begun(ended(state.history, id, 'done'), id);
    const clients = replaced(state.clients, offset, { awaiting: request, operations });
    return {
      state: { ...state, clients, history },
      sent: [[id, (id + client.operations) % servers, ['get', request]]],
    };
  }
  if (body[0] !== 'getDone') return undefined;
  const clients = replaced(state.clients, offset, { awaiting: null, operations });
  return { state: { ...state, clients, history: ended(state.history, id, body[2]) }, sent: [] };
}

function serverStep(
  state: PaxosState,
  from: number,
  id: number,
  body: Body,
  { servers: count }: PaxosOptions,
): Answer | undefined {
  const server = state.servers[id];
  if (server === undefined) return undefined;
  const become = (change: Partial<Server>, sent: readonly Envelope[]): Answer => ({
    state: { ...state, servers: replaced(state.servers, id, { ...server, ...change }) },
    sent,
  });
  const toAll = (message: Body): Envelope[] =>
    state.servers.flatMap((_, peer): Envelope[] => (peer === id ? [] : [[id, peer, message]]));
  if (server.decided) {
    if (body[0] !== 'get' || server.accepted === null) return undefined;
    return { state, sent: [[id, from, ['getDone', body[1], server.accepted[1][2]]]] };
  }
  const majority = Math.floor(count / 2) + 1;
  switch (body[0]) {
    case 'put': {
      if (server.proposal !== null) return undefined;
      const ballot: Ballot = [server.ballot[0] + 1, id];
      const proposal: Proposal = [body[1], from, body[2]];
      const promises = { [id]: server.accepted };
      return become({ ballot, proposal, promises, acceptors: [] }, toAll(['prepare', ballot]));
    }
    case 'prepare':
      if (compare(server.ballot, body[1]) >= 0) return undefined;
      return become({ ballot: body[1] }, [[id, from, ['promise', body[1], server.accepted]]]);
    case 'promise': {
      const ballot = body[1];
      if (compare(server.ballot, ballot) !== 0) return undefined;
      const promises = { ...server.promises, [from]: body[2] };
      const votes = Object.values(promises);
      if (votes.length !== majority) return become({ promises }, []);
      const newest = votes.reduce((best, vote) => (compareVotes(vote, best) > 0 ? vote : best), null);
      const proposal = newest === null ? server.proposal : newest[1];
      if (proposal === null) return undefined;
      const acceptors = [...new Set([...server.acceptors, id])].sort();
      const change = { promises, proposal, accepted: [ballot, proposal] as const, acceptors };
      return become(change, toAll(['accept', ballot, proposal]));
    }
    case 'accept': {
      const [, ballot, proposal] = body;
      if (compare(server.ballot, ballot) > 0) return undefined;
      return become({ ballot, accepted: [ballot, proposal] }, [[id, from, ['accepted', ballot]]]);
    }
    case 'accepted': {
      const ballot = body[1];
      if (compare(server.ballot, ballot) !== 0) return undefined;
      const acceptors = [...new Set([...server.acceptors, from])].sort();
      const { proposal } = server;
      if (acceptors.length !== majority || proposal === null) return become({ acceptors }, []);
      const [request, client] = proposal;
      const sent = [...toAll(['decided', ballot, proposal]), [id, client, ['putDone', request]] as const];
      return become({ acceptors, decided: true }, sent);
    }
    case 'decided': {
      const [, ballot, proposal] = body;
      return become({ ballot, accepted: [ballot, proposal], decided: true }, []);
    }
    default:
      return undefined;
  }
}

function compare(left: Ballot, right: Ballot): number {
  return left[0] - right[0] || left[1] - right[1];
}

function compareVotes(left: Vote | null, right: Vote | null): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  return compare(left[0], right[0]);
}

function replaced<Item>(items: readonly Item[], index: number, item: Item): readonly Item[] {
  return items.map((old, at) => (at === index ? item : old));
}

function withMessage(
  network: ReadonlyMap<string, number>,
  envelope: Envelope,
  once = false,
): ReadonlyMap<string, number> {
  const key = JSON.stringify(envelope);
  return new Map(network).set(key, once ? 1 : (network.get(key) ?? 0) + 1);
}

function without(network: ReadonlyMap<string, number>, envelope: Envelope): ReadonlyMap<string, number> {
  const key = JSON.stringify(envelope);
  const rest = new Map(network);
  const count = rest.get(key) ?? 0;
  if (count > 1) rest.set(key, count - 1);
  else rest.delete(key);
  return rest;
}

type History = PaxosState['history'];

function begun(history: History, client: number): History {
  const before: Record<number, number> = {};
  for (const [other, { ended: done }] of Object.entries(history)) {
    if (Number(other) !== client && done.length > 0) before[Number(other)] = done.length;
  }
  return { ...history, [client]: { ended: history[client]?.ended ?? [], open: [before, ['read']] } };
}

function ended(history: History, client: number, result: string): History {
  const { ended: done = [], open = null } = history[client] ?? {};
  if (open === null) throw new Error(`client ${client} has asked nothing`);
  return { ...history, [client]: { ended: [...done, [...open, result]], open: null } };
}

/** Tries every order: each client's operations in their own, and none before what had ended when it began. */
function isLinearizable(history: History): boolean {
  const clients = Object.keys(history).map(Number);
  const tried = (done: Readonly<Record<number, number>>, value: string): boolean => {
    if (clients.every((id) => (done[id] ?? 0) >= (history[id]?.ended.length ?? 0))) return true;
    return clients.some((id) => {
      const at = done[id] ?? 0;
      const { ended: all = [], open = null } = history[id] ?? {};
      const [before, operation, result] = all[at] ?? (at === all.length ? (open ?? []) : []);
      if (before === undefined || operation === undefined) return false;
      if (Object.entries(before).some(([other, count]) => (done[Number(other)] ?? 0) < count)) return false;
      if (operation[0] === 'write') return tried({ ...done, [id]: at + 1 }, operation[1]);
      return (result === undefined || result === value) && tried({ ...done, [id]: at + 1 }, value);
    });
  };
  return tried({}, '');
}
