/**
 * A whole Synod of shipped nodes as a model for the explorer, in the setting whose number of states is published with
 * stateright (examples/paxos.rs): clients that put one value each and then get, servers, and a network that neither
 * orders nor duplicates messages. Beyond it: losses, duplicates, crashes, saves that take time, and higher ballots.
 */
import type { Model, Property, StateHash } from '@synod/simulator';
import { getAnswered, isLinearizable, newClients, putAnswered, type SynodClients } from './synod-clients.js';
import { describeEnvelope, type Envelope } from './synod-envelope.js';
import { SynodJudge, type SynodRule, synodRules } from './synod-rules.js';
import {
  isSpent,
  type MakeSynodNode,
  newServer,
  restarted,
  type ServerOutcome,
  type ServerSetting,
  type SynodServer,
  saved,
  serverIds,
  serverSetting,
  stepped,
} from './synod-server.js';

/** How much can happen in an exploration. */
export interface SynodBudget {
  readonly clients: number;
  readonly servers: number;
  /** Crashes with a restart, over all servers. */
  readonly crashes: number;
  /** Messages that arrive once more. */
  readonly duplicates: number;
  /** Messages that are lost for good. Any message can stay away for ever at no cost; this says so aloud. */
  readonly losses: number;
  /** Times that some server tries a higher ballot: for its value, or to learn when it has none. */
  readonly retries: number;
  readonly saves: 'atOnce' | 'later';
  /**
   * Whether states also differ in what the rules remember of the past. Without it only what clients see is checked, and
   * states are what they are in the published count.
   */
  readonly past: boolean;
  /** Whether clients get once their put is answered, or are content. */
  readonly gets: boolean;
  /**
   * Whether messages that nobody will ever heed any more are taken out of a state: so there are far fewer states, and
   * none that could do anything else. Without it they stay, as in the published count.
   */
  readonly tidies: boolean;
}

/** A Synod at one moment: numbers of its servers, of its clients' histories, of the budget, of messages under way. */
export type SynodState = readonly number[];

/** Something that happens. */
export type SynodAction =
  | { readonly type: 'deliver' | 'deliverCopy' | 'lose'; readonly envelope: number }
  | { readonly type: 'save'; readonly server: number }
  | { readonly type: 'retry'; readonly server: number }
  | { readonly type: 'crash'; readonly server: number; readonly savesKept: number };

const spendable = ['crashes', 'duplicates', 'losses', 'retries'] as const;

/** Values kept once each, under a number. */
class Numbered<Value> {
  readonly #numbers = new Map<string, number>();
  readonly #values: Value[] = [];

  number(key: string, value: Value): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#values.push(value) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  value(number: number): Value {
    const value = this.#values[number];
    if (value === undefined) throw new Error(`there is no number ${number}`);
    return value;
  }

  get size(): number {
    return this.#values.length;
  }
}

/** What an input makes of a server, in numbers. */
interface KnownOutcome {
  readonly server: number;
  readonly sent: readonly number[];
}

/** A Synod as a model for `explore`. */
export class SynodModel implements Model<SynodState, SynodAction> {
  readonly always: readonly Property<SynodState>[];
  readonly sometimes: readonly Property<SynodState>[];
  readonly #budget: SynodBudget;
  readonly #setting: ServerSetting;
  readonly #judge: SynodJudge;
  readonly #servers = new Numbered<SynodServer>();
  readonly #clients = new Numbered<SynodClients>();
  readonly #envelopes = new Numbered<Envelope>();
  readonly #outcomes = new Map<string, KnownOutcome>();
  readonly #breaches = new Map<string, SynodRule | undefined>();
  readonly #linearizable = new Map<number, boolean>();
  readonly #messagesFrom: number;

  constructor(create: MakeSynodNode, budget: SynodBudget) {
    this.#budget = budget;
    this.#setting = serverSetting(create, budget.servers, budget.saves === 'atOnce');
    this.#judge = new SynodJudge(budget.servers, budget.clients);
    this.#messagesFrom = budget.servers + 1 + spendable.length;
    const rules = budget.past ? synodRules : [];
    this.always = [
      ...rules.map((name) => ({ name, holds: (state: SynodState) => this.#breachOf(state) !== name })),
      { name: 'linearizable', holds: (state) => this.#isLinearizable(state) },
    ];
    this.sometimes = [
      {
        name: budget.gets ? 'a client got a value' : 'a put is answered',
        holds: (state) =>
          this.#clientsOf(state).some(({ phase }) => phase === (budget.gets ? 'done' : 'getting')),
      },
    ];
  }

  /** How many differing servers and messages there were so far. */
  get parts(): { readonly nodes: number; readonly messages: number } {
    return { nodes: this.#servers.size, messages: this.#envelopes.size };
  }

  initial(): readonly SynodState[] {
    const { clients, servers } = this.#budget;
    const state = serverIds(servers).map((id) => this.#serverNumber(newServer(this.#setting, id)));
    state.push(this.#clientsNumber(newClients(clients)));
    for (const what of spendable) state.push(this.#budget[what]);
    const puts = Array.from({ length: clients }, (_, client) =>
      this.#envelopeNumber({ type: 'put', to: client % servers, client }),
    );
    return [[...state, ...puts.sort(ascending)]];
  }

  *actions(state: SynodState): Iterable<SynodAction> {
    let previous = -1;
    for (let at = this.#messagesFrom; at < state.length; at++) {
      const envelope = state[at] ?? 0;
      if (envelope === previous) continue;
      previous = envelope;
      yield { type: 'deliver', envelope };
      if (this.#left(state, 'duplicates') > 0) yield { type: 'deliverCopy', envelope };
      if (this.#left(state, 'losses') > 0) yield { type: 'lose', envelope };
    }
    for (let server = 0; server < this.#budget.servers; server++) {
      const { saves, node } = this.#server(state, server);
      if (saves.length > 0) yield { type: 'save', server };
      const { decided } = node.status();
      if (decided === undefined && this.#left(state, 'retries') > 0) yield { type: 'retry', server };
      if (this.#left(state, 'crashes') === 0) continue;
      for (let savesKept = 0; savesKept <= saves.length; savesKept++)
        yield { type: 'crash', server, savesKept };
    }
  }

  next(state: SynodState, action: SynodAction): SynodState | undefined {
    const next = this.#after(state, action);
    return next === undefined || !this.#budget.tidies ? next : this.#tidied(next);
  }

  #after(state: SynodState, action: SynodAction): SynodState | undefined {
    switch (action.type) {
      case 'lose':
        return this.#spent(this.#without(state, action.envelope), 'losses');
      case 'deliver':
        return this.#delivered(state, this.#without(state, action.envelope), action.envelope);
      case 'deliverCopy':
        return this.#delivered(state, this.#spent(state, 'duplicates'), action.envelope);
      case 'save':
        return this.#changed(state, action.server, 'save', (server) => saved(this.#setting, server));
      case 'retry':
        return this.#changed(this.#spent(state, 'retries'), action.server, 'retry', (server) =>
          stepped(this.#setting, server, { type: server.node.status().phase === 'idle' ? 'learn' : 'retry' }),
        );
      case 'crash':
        return this.#changed(
          this.#spent(state, 'crashes'),
          action.server,
          `crash ${action.savesKept}`,
          (server) => restarted(this.#setting, server, action.savesKept),
        );
    }
  }

  fold(state: SynodState, hash: StateHash): void {
    for (const word of state) hash.word(word);
  }

  /** An action for people. */
  describe(action: SynodAction): string {
    if ('server' in action) {
      const name = `n${action.server + 1}`;
      if (action.type === 'save') return `${name}'s oldest save is durable`;
      if (action.type === 'retry') return `${name} tries a higher ballot`;
      return `${name} dies, ${action.savesKept} of its saves on disk, and starts again`;
    }
    const verb = { deliver: 'arrives', deliverCopy: 'arrives, and will once more', lose: 'is lost' }[
      action.type
    ];
    return `${describeEnvelope(this.#envelopes.value(action.envelope))} ${verb}`;
  }

  #delivered(before: SynodState, rest: SynodState, number: number): SynodState | undefined {
    const envelope = this.#envelopes.value(number);
    switch (envelope.type) {
      case 'putDone': {
        const clients = putAnswered(this.#clientsOf(before), envelope.client);
        if (clients === undefined) return undefined;
        if (!this.#budget.gets) return this.#withClients(rest, clients, []);
        const to = (envelope.client + 1) % this.#budget.servers;
        const get = this.#envelopeNumber({ type: 'get', to, client: envelope.client });
        return this.#withClients(rest, clients, [get]);
      }
      case 'getDone': {
        const clients = getAnswered(this.#clientsOf(before), envelope.client, envelope.value);
        return clients === undefined ? undefined : this.#withClients(rest, clients, []);
      }
      case 'get': {
        const value = this.#server(before, envelope.to).learned;
        if (value === undefined) return undefined;
        return withMessages(rest, this.#messagesFrom, [
          this.#envelopeNumber({ type: 'getDone', client: envelope.client, value }),
        ]);
      }
      case 'put': {
        const { client } = envelope;
        const input = { type: 'propose', value: Uint8Array.of(client) } as const;
        return this.#changed(rest, envelope.to, `put ${client}`, (server) =>
          stepped(this.#setting, server, input, client),
        );
      }
      case 'synod': {
        const after = this.#changed(rest, envelope.to, `message ${number}`, (server) =>
          stepped(this.#setting, server, { type: 'receive', message: envelope.message }),
        );
        const isNothing = after[envelope.to] === before[envelope.to] && after.length === rest.length;
        return isNothing ? undefined : after;
      }
    }
  }

  /** The state after something happened to one server. */
  #changed(
    state: SynodState,
    place: number,
    what: string,
    work: (server: SynodServer) => ServerOutcome,
  ): SynodState {
    const number = state[place] ?? 0;
    const key = `${number} ${what}`;
    let outcome = this.#outcomes.get(key);
    if (outcome === undefined) {
      outcome = this.#known(work(this.#servers.value(number)));
      this.#outcomes.set(key, outcome);
    }
    const next = [...state];
    next[place] = outcome.server;
    return withMessages(next, this.#messagesFrom, outcome.sent);
  }

  /** A server that learned its own client's value answers that client. */
  #known({ server, sent }: ServerOutcome): KnownOutcome {
    const numbers = sent.map((message) => {
      const to = serverIds(this.#budget.servers).indexOf(message.to);
      return this.#envelopeNumber({ type: 'synod', to, message });
    });
    const { client, learned } = server;
    if (client === undefined || learned === undefined)
      return { server: this.#serverNumber(server), sent: numbers };
    if (client === learned) numbers.push(this.#envelopeNumber({ type: 'putDone', client }));
    return { server: this.#serverNumber({ ...server, client: undefined }), sent: numbers };
  }

  #tidied(state: SynodState): SynodState {
    return state.filter((number, place) => {
      if (place < this.#messagesFrom) return true;
      const envelope = this.#envelopes.value(number);
      if (envelope.type !== 'synod') return true;
      return !isSpent(this.#server(state, envelope.to), envelope.message);
    });
  }

  #withClients(state: SynodState, clients: SynodClients, sent: readonly number[]): SynodState {
    const next = [...state];
    next[this.#budget.servers] = this.#clientsNumber(clients);
    return withMessages(next, this.#messagesFrom, sent);
  }

  #without(state: SynodState, envelope: number): SynodState {
    const at = state.indexOf(envelope, this.#messagesFrom);
    return state.filter((_, place) => place !== at);
  }

  #left(state: SynodState, what: (typeof spendable)[number]): number {
    return state[this.#budget.servers + 1 + spendable.indexOf(what)] ?? 0;
  }

  #spent(state: SynodState, what: (typeof spendable)[number]): SynodState {
    const place = this.#budget.servers + 1 + spendable.indexOf(what);
    return state.map((word, at) => (at === place ? word - 1 : word));
  }

  #breachOf(state: SynodState): SynodRule | undefined {
    const numbers = state.slice(0, this.#budget.servers);
    const key = numbers.join(' ');
    if (this.#breaches.has(key)) return this.#breaches.get(key);
    const breach = this.#judge.breachOf(numbers.map((number) => this.#servers.value(number)));
    this.#breaches.set(key, breach);
    return breach;
  }

  #isLinearizable(state: SynodState): boolean {
    const number = state[this.#budget.servers] ?? 0;
    let known = this.#linearizable.get(number);
    if (known === undefined) {
      known = isLinearizable(this.#clients.value(number));
      this.#linearizable.set(number, known);
    }
    return known;
  }

  #server(state: SynodState, place: number): SynodServer {
    return this.#servers.value(state[place] ?? 0);
  }

  #clientsOf(state: SynodState): SynodClients {
    return this.#clients.value(state[this.#budget.servers] ?? 0);
  }

  #serverNumber(server: SynodServer): number {
    const { node, disk, saves, client, learned, votes, promised, issued, current, breach } = server;
    const now = [
      node.id,
      node.fingerprint({ untimed: true }),
      disk?.join(),
      saves.map(saveKey),
      client,
      learned,
    ];
    const past = this.#budget.past ? [votes, promised, issued, current, breach] : [];
    return this.#servers.number(JSON.stringify([now, past]), server);
  }

  #clientsNumber(clients: SynodClients): number {
    return this.#clients.number(JSON.stringify(clients), clients);
  }

  #envelopeNumber(envelope: Envelope): number {
    return this.#envelopes.number(JSON.stringify(envelope), envelope);
  }
}

/** Sequence numbers of saves only count up: states do not differ in them. */
function saveKey({ save, after }: SynodServer['saves'][number]): readonly unknown[] {
  return [save.record.join(), after];
}

/** A state with more messages under way, which stand in ascending order. */
function withMessages(state: SynodState, from: number, sent: readonly number[]): SynodState {
  if (sent.length === 0) return state;
  const messages = [...state.slice(from), ...sent].sort(ascending);
  return [...state.slice(0, from), ...messages];
}

function ascending(left: number, right: number): number {
  return left - right;
}
