/**
 * A whole cluster of real engines as a model: every order in which messages can arrive, get lost or arrive twice, saves
 * can end, nodes can die, stand for election, take commands and send heartbeats, within given budgets.
 *
 * What one node does depends on that node alone. So nodes and messages are kept once each, under a number; a state is a
 * short list of numbers; and what an input makes of a node is worked out once, for however many states it happens in.
 */
import { createMembership, type EngineInput, type EngineMessage, invariant } from '@synod/core';
import { SimulationViolation } from '../violation.js';
import { budgetLength, type ClusterBudget, left, settle } from './cluster-budget.js';
import { ClusterParts, type KnownNode } from './cluster-parts.js';
import { demandRules } from './cluster-rules.js';
import type { Model, Property } from './explore.js';
import {
  type ExploredEngine,
  type NodeOutcome,
  newNode,
  restarted,
  saved,
  stepped,
} from './explored-node.js';
import { StateHash } from './state-hash.js';

/** A cluster at one moment: numbers of its nodes, what is left of the budget, numbers of the messages under way. */
export type ClusterState = readonly number[];

/** Something that happens to a cluster. Nodes and messages go by their numbers. */
export type ClusterAction =
  | { readonly type: 'deliver' | 'deliverCopy'; readonly message: number }
  | { readonly type: 'save' | 'campaign' | 'propose' | 'heartbeat'; readonly node: number }
  | { readonly type: 'crash'; readonly node: number; readonly savesKept: number };

/** A cluster to be explored. */
export interface ClusterModel extends Model<ClusterState, ClusterAction> {
  /**
   * An action for people.
   *
   * @param action - One of this model.
   */
  describe(action: ClusterAction): string;
  /** How many differing nodes and messages there were so far. */
  readonly parts: { readonly nodes: number; readonly messages: number };
}

/**
 * A cluster of engines as a model for `explore`.
 *
 * It is sound in these limits: nodes take effects after every input, a node restarts at once after it died (a node that
 * is down is one that nothing happens to), the first save of a life is durable before the node does anything else,
 * clocks strike only as campaigns, and there are no snapshots, reads or changes of membership.
 *
 * @param engine - What to explore.
 * @param budget - How much can happen.
 * @throws InvalidArgumentError when the budget is out of range.
 */
export function clusterModel<Message extends EngineMessage>(
  engine: ExploredEngine<Message>,
  budget: ClusterBudget = {},
): ClusterModel {
  return new Cluster(engine, settle(budget));
}

/** What an input makes of a node: the node's new number and the messages sent, or the rule that was broken. */
type KnownOutcome =
  | { readonly node: number; readonly sent: readonly number[] }
  | { readonly violation: SimulationViolation };

class Cluster<Message extends EngineMessage> implements ClusterModel {
  readonly always: readonly Property<ClusterState>[];
  readonly sometimes: readonly Property<ClusterState>[];
  readonly #engine: ExploredEngine<Message>;
  readonly #budget: Required<ClusterBudget>;
  readonly #setting: Parameters<typeof newNode<Message>>[0];
  readonly #ids: readonly string[];
  readonly #parts: ClusterParts<Message>;
  /** By node number, then by input: what comes of it. */
  readonly #outcomes: Map<number, KnownOutcome>[] = [];
  readonly #messagesFrom: number;
  readonly #scratch = new StateHash();
  /** Nodes that were found to keep the rules together, as one number. */
  readonly #safe = new Set<number>();

  constructor(engine: ExploredEngine<Message>, budget: Required<ClusterBudget>) {
    this.#engine = engine;
    this.#budget = budget;
    this.#ids = Array.from({ length: budget.nodes }, (_, index) => `n${index + 1}`);
    this.#messagesFrom = budget.nodes + budgetLength;
    const membership = createMembership(this.#ids);
    this.#setting = { engine, membership, savesAtOnce: budget.saves === 'atOnce' };
    this.#parts = new ClusterParts(engine, this.#ids);
    this.always = [{ name: 'safety', holds: (state) => this.#isSafe(state) }];
    this.sometimes = [
      { name: 'a leader', holds: (state) => this.#some(state, ({ led }) => led.length > 0) },
      {
        name: 'every command applied on every node',
        holds: (state) =>
          !this.#some(
            state,
            ({ applied }) => applied.filter(({ kind }) => kind === 'command').length < budget.commands,
          ),
      },
    ];
  }

  get parts(): { readonly nodes: number; readonly messages: number } {
    return { nodes: this.#parts.nodeCount, messages: this.#parts.messageCount };
  }

  initial(): readonly ClusterState[] {
    const nodes = this.#ids.map((id) => {
      const { node, sent } = newNode(this.#setting, id);
      invariant(sent.length === 0, 'a node that starts says nothing');
      return this.#parts.nodeNumber(node);
    });
    const { commands, campaigns, crashes, duplicates, heartbeats, drops } = this.#budget;
    return [[...nodes, commands, campaigns, crashes, duplicates, heartbeats, drops]];
  }

  actions(state: ClusterState): readonly ClusterAction[] {
    const { nodes } = this.#budget;
    const actions = this.#deliveries(state);
    for (let node = 0; node < nodes; node++) {
      const { saves, status } = this.#node(state, node);
      const isLeader = status.role === 'leader';
      if (saves.length > 0) actions.push({ type: 'save', node });
      if (isLeader && (state[nodes + left.commands] ?? 0) > 0) actions.push({ type: 'propose', node });
      if (isLeader && (state[nodes + left.heartbeats] ?? 0) > 0) actions.push({ type: 'heartbeat', node });
      if (!isLeader && (state[nodes + left.campaigns] ?? 0) > 0) actions.push({ type: 'campaign', node });
      if ((state[nodes + left.crashes] ?? 0) === 0) continue;
      for (let savesKept = 0; savesKept <= saves.length; savesKept++) {
        actions.push({ type: 'crash', node, savesKept });
      }
    }
    return actions;
  }

  /** In an unordered network each message once; on a link the first, and as many more as may get lost before them. */
  #deliveries(state: ClusterState): ClusterAction[] {
    const { nodes, network } = this.#budget;
    const drops = state[nodes + left.drops] ?? 0;
    const duplicates = state[nodes + left.duplicates] ?? 0;
    const actions: ClusterAction[] = [];
    let previous = -1;
    let place = 0;
    for (let at = this.#messagesFrom; at < state.length; at++) {
      const number = state[at] ?? 0;
      const { link } = this.#parts.message(number);
      const group = network === 'links' ? link : number;
      place = group === previous ? place + 1 : 0;
      previous = group;
      if (place > (network === 'links' ? drops : 0)) continue;
      actions.push({ type: 'deliver', message: number });
      if (duplicates > 0) actions.push({ type: 'deliverCopy', message: number });
    }
    return actions;
  }

  next(state: ClusterState, action: ClusterAction): ClusterState | undefined {
    switch (action.type) {
      case 'deliver':
      case 'deliverCopy':
        return this.#delivered(state, action.message, action.type === 'deliverCopy');
      case 'save': {
        const outcome = this.#outcome(state, action.node, 1, (node) => saved(this.#setting, node));
        return this.#after(state, action.node, outcome);
      }
      case 'campaign':
        return this.#stepped(state, action.node, 2, 'campaigns', { type: 'campaign' });
      case 'heartbeat':
        return this.#stepped(state, action.node, 3, 'heartbeats', { type: 'tick' });
      case 'propose': {
        const number = this.#budget.commands - (state[this.#budget.nodes + left.commands] ?? 0) + 1;
        const commands = [{ proposal: number, data: Uint8Array.of(number) }];
        return this.#stepped(state, action.node, 4 + 8 * number, 'commands', { type: 'propose', commands });
      }
      case 'crash': {
        const { node, savesKept } = action;
        const outcome = this.#outcome(state, node, 5 + 8 * savesKept, (known) =>
          restarted(this.#setting, known, savesKept),
        );
        return this.#after(this.#withoutLinksTo(node, state), node, outcome, 'crashes');
      }
    }
  }

  #stepped(
    state: ClusterState,
    place: number,
    key: number,
    spent: keyof typeof left,
    input: EngineInput<Message>,
  ): ClusterState {
    const outcome = this.#outcome(state, place, key, (node) => stepped(this.#setting, node, input));
    return this.#after(state, place, outcome, spent);
  }

  /** A message that changes nothing is as good as one that is still on its way, unless others wait behind it. */
  #delivered(state: ClusterState, number: number, isCopy: boolean): ClusterState | undefined {
    const { to, message, link } = this.#parts.message(number);
    const outcome = this.#outcome(state, to, 8 * number, (node) =>
      stepped(this.#setting, node, { type: 'receive', message }),
    );
    const isNothing = outcome.node === state[to] && outcome.sent.length === 0;
    if (isNothing && this.#budget.network === 'unordered') return undefined;
    const at = state.indexOf(number, this.#messagesFrom);
    let first = at;
    if (this.#budget.network === 'links') {
      while (first > this.#messagesFrom && this.#parts.message(state[first - 1] ?? 0).link === link) first--;
    }
    const rest = [...state];
    rest.splice(first, at - first + (isCopy ? 0 : 1));
    this.#spend(rest, 'drops', at - first);
    return this.#after(rest, to, outcome, isCopy ? 'duplicates' : undefined);
  }

  #outcome(
    state: ClusterState,
    place: number,
    key: number,
    work: (node: KnownNode<Message>) => NodeOutcome<Message>,
  ): Exclude<KnownOutcome, { readonly violation: unknown }> {
    const number = state[place] ?? 0;
    let outcomes = this.#outcomes[number];
    if (outcomes === undefined) {
      outcomes = new Map();
      this.#outcomes[number] = outcomes;
    }
    let known = outcomes.get(key);
    if (known === undefined) {
      known = this.#workOut(number, work);
      outcomes.set(key, known);
    }
    if ('violation' in known) throw known.violation;
    return known;
  }

  #workOut(number: number, work: (node: KnownNode<Message>) => NodeOutcome<Message>): KnownOutcome {
    try {
      const { node, sent } = work(this.#parts.node(number));
      return {
        node: this.#parts.nodeNumber(node),
        sent: sent.map((message) => this.#parts.messageNumber(message)),
      };
    } catch (error) {
      if (error instanceof SimulationViolation) return { violation: error };
      throw error;
    }
  }

  /** A connection ends with the process that it leads to, and what it carried with it. */
  #withoutLinksTo(node: number, state: ClusterState): ClusterState {
    if (this.#budget.network === 'unordered') return state;
    return state.filter((number, at) => at < this.#messagesFrom || this.#parts.message(number).to !== node);
  }

  /** The state with another node in a place, and with what it sent under way. */
  #after(
    state: ClusterState,
    place: number,
    { node, sent }: { readonly node: number; readonly sent: readonly number[] },
    spent?: keyof typeof left,
  ): ClusterState {
    const next = [...state];
    next[place] = node;
    if (spent !== undefined) this.#spend(next, spent, 1);
    for (const message of sent) {
      let at = next.length;
      next.push(message);
      for (; at > this.#messagesFrom && this.#isBefore(message, next[at - 1] ?? 0); at--) {
        next[at] = next[at - 1] ?? 0;
      }
      next[at] = message;
    }
    return next;
  }

  #isBefore(message: number, other: number): boolean {
    if (this.#budget.network === 'unordered') return message < other;
    return this.#parts.message(message).link < this.#parts.message(other).link;
  }

  #spend(state: number[], what: keyof typeof left, count: number): void {
    const place = this.#budget.nodes + left[what];
    state[place] = (state[place] ?? 0) - count;
  }

  /**
   * Under every renaming that the engine takes part in, the least hash stands for all. Nodes are first put in the order
   * of what no renaming changes about them, which mostly leaves one renaming to look at.
   */
  fold(state: ClusterState, hash: StateHash): void {
    let low = 0;
    let high = 0;
    let isFirst = true;
    for (const [number, permutation] of this.#parts.permutations.entries()) {
      if (!this.#isInOrder(state, permutation)) continue;
      const folded = this.#foldAs(state, number, permutation);
      if (!isFirst && (folded.high > high || (folded.high === high && folded.low >= low))) continue;
      low = folded.low;
      high = folded.high;
      isFirst = false;
    }
    hash.word(low).word(high);
  }

  #isInOrder(state: ClusterState, permutation: readonly number[]): boolean {
    if (this.#parts.permutations.length === 1) return true;
    let before = Number.NEGATIVE_INFINITY;
    for (const place of permutation) {
      const { character } = this.#parts.node(state[place] ?? 0);
      if (character < before) return false;
      before = character;
    }
    return true;
  }

  #foldAs(state: ClusterState, number: number, permutation: readonly number[]): StateHash {
    const { nodes, network } = this.#budget;
    const scratch = this.#scratch.clear();
    for (let place = 0; place < nodes; place++) {
      const { lows, highs } = this.#parts.node(state[permutation[place] ?? 0] ?? 0);
      scratch.word(lows[number] ?? 0).word(highs[number] ?? 0);
    }
    for (let place = nodes; place < this.#messagesFrom; place++) scratch.word(state[place] ?? 0);
    let low = 0;
    let high = 0;
    let link = -1;
    let position = 0;
    for (let at = this.#messagesFrom; at < state.length; at++) {
      const message = this.#parts.message(state[at] ?? 0);
      position = network === 'links' && message.link === link ? position + 1 : 0;
      link = message.link;
      // A sum, since no order is right under every renaming; the place in a link's queue counts.
      low = (low + Math.imul(message.lows[number] ?? 0, 2 * position + 1)) | 0;
      high = (high + Math.imul(message.highs[number] ?? 0, 2 * position + 1)) | 0;
    }
    return scratch.word(low).word(high).word(state.length).finish();
  }

  describe(action: ClusterAction): string {
    switch (action.type) {
      case 'deliver':
        return this.#parts.message(action.message).text;
      case 'deliverCopy':
        return `${this.#parts.message(action.message).text}, and another copy of it is under way`;
      case 'save':
        return `${this.#ids[action.node]} completes a save`;
      case 'campaign':
        return `${this.#ids[action.node]} hears no leader and campaigns`;
      case 'propose':
        return `${this.#ids[action.node]} takes a command`;
      case 'heartbeat':
        return `${this.#ids[action.node]} sends heartbeats`;
      case 'crash':
        return `${this.#ids[action.node]} dies and restarts${action.savesKept > 0 ? `, with ${action.savesKept} of the saves under way on its disk` : ''}`;
    }
  }

  #node(state: ClusterState, place: number): KnownNode<Message> {
    return this.#parts.node(state[place] ?? 0);
  }

  #some(state: ClusterState, test: (node: KnownNode<Message>) => boolean): boolean {
    for (let place = 0; place < this.#budget.nodes; place++) if (test(this.#node(state, place))) return true;
    return false;
  }

  #isSafe(state: ClusterState): boolean {
    let key = 0;
    for (let place = 0; place < this.#budget.nodes; place++) key = key * 131_072 + (state[place] ?? 0);
    const isKey = this.#budget.nodes <= 3 && this.#parts.nodeCount < 131_072;
    if (isKey && this.#safe.has(key)) return true;
    const nodes = this.#ids.map((_, place) => this.#node(state, place));
    demandRules(nodes, this.#engine.electsByLog === true);
    if (isKey && this.#safe.size < 8_000_000) this.#safe.add(key);
    return true;
  }
}
