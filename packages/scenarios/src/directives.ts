/** What the words of a directive do: first those for the whole stage, then those for one node. */
import { type EngineMessage, encodeUtf8, type Member, type Membership, type NodeId } from '@synod/core';
import { checkClaim } from './claims.js';
import { filterOf, type Link, linksOf } from './network.js';
import { ScenarioError } from './script.js';
import type { Stage } from './stage.js';
import { StagedDisk } from './staged-disk.js';
import type { StagedNode } from './staged-node.js';
import { tellMembership, tellProgress, tellStatus } from './telling.js';

const timeoutTicksMax = 10_000;

type StageAction<Message extends EngineMessage> = (stage: Stage<Message>, words: readonly string[]) => void;
type NodeAction<Message extends EngineMessage> = (
  node: StagedNode<Message>,
  words: readonly string[],
  stage: Stage<Message>,
) => void;

/** Carries out directives on one stage. */
export class Director<Message extends EngineMessage> {
  readonly #stage: Stage<Message>;
  readonly #given = new Map<NodeId, StagedDisk>();

  constructor(stage: Stage<Message>) {
    this.#stage = stage;
  }

  /**
   * Carries out one directive.
   *
   * @throws {@link ScenarioError} when its words mean nothing, or a claim does not hold.
   */
  direct(words: readonly string[]): void {
    const [verb = '', ...rest] = words;
    const stage = this.#stage;
    if (verb === 'quietly') return stage.quietly(() => this.direct(rest));
    if (verb === 'given') return this.#give(rest);
    if (verb === 'cluster') return this.#found(rest);
    const action = stageAction<Message>(verb);
    if (action !== undefined) return action(stage, rest);
    const node = stage.node(verb);
    const [nodeVerb = '', ...nodeRest] = rest;
    const ofNode = nodeAction<Message>(nodeVerb);
    if (ofNode === undefined) throw new ScenarioError(`"${nodeVerb}" is nothing that a node does`);
    if (!node.up && nodeVerb !== 'restart' && nodeVerb !== 'restore')
      throw new ScenarioError(`${node.id} is down`);
    ofNode(node, nodeRest, stage);
  }

  /** `given n1 log=1,1,2 term=2 vote=n3 commit=1`: what a disk holds when the cluster starts. */
  #give([id = '', ...words]: readonly string[]): void {
    const { plain, options } = optionsOf(words);
    if (plain.length > 0) throw new ScenarioError(`"${plain.join(' ')}" says nothing of a disk`);
    const disk = new StagedDisk();
    const terms = (options.get('log') ?? '').split(',').filter((term) => term !== '');
    for (const [offset, term] of terms.entries()) {
      const data = encodeUtf8(`t${term}i${offset + 1}`);
      disk.put({ index: offset + 1, term: Number(term), kind: 'command', data });
    }
    disk.hardState = this.#stage.engine.encodeHardState({
      term: Number(options.get('term') ?? terms.at(-1) ?? 0),
      votedFor: options.get('vote'),
      commitIndex: Number(options.get('commit') ?? 0),
    });
    this.#given.set(id, disk);
  }

  /** `cluster n1 n2 n3 (n4) electionTicks=10`: voters, learners in brackets, and options of the engine. */
  #found(words: readonly string[]): void {
    const { plain, options } = optionsOf(words);
    const { voters, learners } = membersOf(plain);
    this.#stage.found(voters, learners, options, this.#given);
  }
}

function optionsOf(words: readonly string[]): {
  readonly plain: readonly string[];
  readonly options: ReadonlyMap<string, string>;
} {
  const plain: string[] = [];
  const options = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 0) plain.push(word);
    else options.set(word.slice(0, at), word.slice(at + 1));
  }
  return { plain, options };
}

function membersOf(words: readonly string[]): {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
} {
  const learners = words.filter((word) => /^\(.*\)$/.test(word)).map((word) => word.slice(1, -1));
  return { voters: words.filter((word) => !word.startsWith('(')), learners };
}

function stageAction<Message extends EngineMessage>(verb: string): StageAction<Message> | undefined {
  switch (verb) {
    case 'elect':
      return elect;
    case 'join':
      return (stage, words) => eachOf(words, (id) => stage.join(id));
    case 'deliver':
      return deliver;
    case 'drop':
      return drop;
    case 'duplicate':
      return duplicate;
    case 'settle':
      return (stage) => stage.calm();
    case 'tick':
      return (stage, [times]) => repeat(times, () => stage.tick());
    case 'run':
      return (stage, [times]) =>
        repeat(times, () => {
          stage.tick();
          stage.calm();
        });
    case 'cut':
      return (stage, words) => stage.network.cut(allLinks(words));
    case 'isolate':
      return (stage, words) => stage.network.cut(words.flatMap(allAround));
    case 'heal':
      return (stage) => stage.network.heal();
    case 'hold':
      return (stage, words) => stage.network.hold(allLinks(words));
    case 'release':
      return (stage) => stage.network.release();
    case 'status':
      return (stage, words) => eachOf(chosen(stage, words), (node) => tellNode(stage, node));
    case 'log':
      return (stage, words) =>
        eachOf(chosen(stage, words), (node) => stage.say(`${node.id} ${node.tellLog()}`));
    case 'members':
      return (stage, words) =>
        eachOf(chosen(stage, words), (node) =>
          stage.say(`${node.id} ${tellMembership(node.engine.status().membership)}`),
        );
    case 'network':
      return tellNetwork;
    case 'claim':
      return checkClaim;
    default:
      return undefined;
  }
}

/** Makes a node leader without a word on how. Voters that hear from another leader first lose patience with it. */
function elect<Message extends EngineMessage>(stage: Stage<Message>, [id]: readonly string[]): void {
  const node = stage.node(id);
  stage.quietly(() => {
    const before = new Set(stage.network.underWay);
    for (const voter of stage.nodes.values()) {
      if (voter !== node && voter.up && voter.engine.status().role === 'follower' && led(voter))
        timeOut(voter);
    }
    stage.network.forget((parcel) => !before.has(parcel));
    // A candidate may first have to learn of a later term from those that refuse it.
    for (let tries = 0; tries < 3 && node.engine.status().role !== 'leader'; tries++) {
      node.step({ type: 'campaign' });
      stage.calm();
    }
  });
  const { role, term } = node.engine.status();
  if (role !== 'leader') throw new ScenarioError(`${node.id} was not elected`);
  stage.say(`${node.id} leads term ${term}`);
}

function led<Message extends EngineMessage>(node: StagedNode<Message>): boolean {
  return node.engine.status().leader !== undefined;
}

function eachOf<Item>(items: readonly Item[], action: (item: Item) => void): void {
  for (const item of items) action(item);
}

function repeat(times: string | undefined, action: () => void): void {
  for (let time = 0; time < Number(times ?? 1); time++) action();
}

function deliver<Message extends EngineMessage>(stage: Stage<Message>, words: readonly string[]): void {
  for (const parcel of stage.network.take(filterOf(words))) stage.deliver(parcel);
}

function drop<Message extends EngineMessage>(stage: Stage<Message>, words: readonly string[]): void {
  for (const parcel of stage.network.take(filterOf(words))) {
    stage.say(`${parcel.message.to} never gets: ${parcel.message.from}  ${parcel.text}`);
    stage.lose(parcel);
  }
}

function duplicate<Message extends EngineMessage>(stage: Stage<Message>, words: readonly string[]): void {
  for (const { message, text } of stage.network.repeat(filterOf(words))) {
    stage.say(`${message.from} -> ${message.to}  ${text}  (once more)`);
  }
}

function allLinks(words: readonly string[]): readonly Link[] {
  return words.flatMap((word) => {
    const links = linksOf(word);
    if (links.length === 0) throw new ScenarioError(`"${word}" is no link: n1->n2, n1--n2 or n1->*`);
    return links;
  });
}

function allAround(id: NodeId): readonly Link[] {
  return [
    { from: id, to: '*' },
    { from: '*', to: id },
  ];
}

function chosen<Message extends EngineMessage>(
  stage: Stage<Message>,
  words: readonly string[],
): readonly StagedNode<Message>[] {
  return words.length === 0 ? [...stage.nodes.values()] : words.map((id) => stage.node(id));
}

function tellNode<Message extends EngineMessage>(stage: Stage<Message>, node: StagedNode<Message>): void {
  if (!node.up) return stage.say(`${node.id} is down`);
  const status = node.engine.status();
  stage.say(`${node.id} ${tellStatus(status)}`);
  for (const peer of status.peers) stage.say(`${node.id} ${tellProgress(peer)}`);
}

function tellNetwork<Message extends EngineMessage>(stage: Stage<Message>): void {
  if (stage.network.underWay.length === 0) stage.say('nothing is under way');
  for (const { message, text } of stage.network.underWay) {
    const held = stage.network.isHeld(message) ? '  (held up)' : '';
    stage.say(`${message.from} -> ${message.to}  ${text}${held}`);
  }
}

function nodeAction<Message extends EngineMessage>(verb: string): NodeAction<Message> | undefined {
  switch (verb) {
    case 'campaign':
      return (node) => node.step({ type: 'campaign' });
    case 'forget':
      return (node) => node.step({ type: 'forgetLeader' });
    case 'ask-snapshot':
      return (node) => node.step({ type: 'requestSnapshot' });
    case 'tick':
      return (node, [times]) => repeat(times, () => node.step({ type: 'tick' }));
    case 'missed':
      return (node, [missed]) => node.step({ type: 'tick', missed: Number(missed) });
    case 'timeout':
      return timeOut;
    case 'propose':
      return propose;
    case 'read':
      return read;
    case 'change':
      return change;
    case 'transfer':
      return (node, [to]) => node.step({ type: 'transferLeadership', ...(to === undefined ? {} : { to }) });
    case 'retime':
      return (node, words) => {
        const { options } = optionsOf(words);
        const timing = Object.fromEntries([...options].map(([name, value]) => [name, Number(value)]));
        node.step({ type: 'retime', timing });
      };
    case 'unreachable':
      return (node, [peer = '']) => node.step({ type: 'peerUnreachable', peer });
    case 'snapshot':
      return (node) => node.takeSnapshot();
    case 'reports':
      return (node) => {
        node.slowReports = true;
      };
    case 'report':
      return (node) => node.hearReports();
    case 'busy':
      return (node) => {
        node.busy = true;
      };
    case 'turn':
      return (node) => {
        node.busy = false;
        node.settle();
      };
    default:
      return surroundingAction(verb);
  }
}

/** What happens to a node's disk, state machine and process. */
function surroundingAction<Message extends EngineMessage>(verb: string): NodeAction<Message> | undefined {
  switch (verb) {
    case 'disk':
      return (node, [speed]) => {
        node.slowDisk = speed === 'slow';
        while (!node.slowDisk && node.unsaved.length > 0) node.saveOldest();
      };
    case 'save':
      return (node, [how]) => {
        do node.saveOldest();
        while (how === 'all' && node.unsaved.length > 0);
      };
    case 'machine':
      return (node, [speed]) => {
        node.slowMachine = speed === 'slow';
        if (!node.slowMachine) node.applyAll();
        node.settle();
      };
    case 'apply':
      return (node, [entries]) => {
        node.applyAll(entries === undefined ? undefined : Number(entries));
        node.settle();
      };
    case 'crash':
      return (node) => node.crash();
    case 'restart':
      return (node) => node.restart();
    case 'backup':
      return (node) => {
        node.backup = node.disk.copy();
      };
    case 'restore':
      return (node) => {
        if (node.backup === undefined) throw new ScenarioError(`${node.id} has no backup`);
        node.disk = node.backup.copy();
      };
    default:
      return undefined;
  }
}

/** Ticks a node until it has had enough of waiting and campaigns. */
function timeOut<Message extends EngineMessage>(node: StagedNode<Message>): void {
  const before = node.campaigns;
  for (let ticks = 0; node.campaigns === before; ticks++) {
    if (ticks > timeoutTicksMax) throw new ScenarioError(`${node.id} does not campaign`);
    node.step({ type: 'tick' });
  }
}

/** Words are commands; `100*x` is a command of a hundred bytes. */
function propose<Message extends EngineMessage>(node: StagedNode<Message>, words: readonly string[]): void {
  const commands = words.map((word) => {
    const [, times, letter] = /^(\d+)\*(.)$/.exec(word) ?? [];
    const text =
      times === undefined || letter === undefined ? word.replaceAll('"', '') : letter.repeat(Number(times));
    return { proposal: node.nameProposal(text), data: encodeUtf8(text) };
  });
  node.step({ type: 'propose', commands });
}

function read<Message extends EngineMessage>(
  node: StagedNode<Message>,
  [context = '', mode]: readonly string[],
): void {
  node.nameRead(Number(context));
  node.step({
    type: 'read',
    context: Number(context),
    mode: mode === 'lease' || mode === 'quorum' ? mode : 'index',
  });
}

/**
 * `n1 change n1 n2 (n4) lagging at=3`: voters as they shall be, learners in brackets, whether they may lag, and where
 * the present members must stand.
 */
function change<Message extends EngineMessage>(
  node: StagedNode<Message>,
  words: readonly string[],
  stage: Stage<Message>,
): void {
  const at = words.find((word) => word.startsWith('at='));
  const { voters, learners } = membersOf(words.filter((word) => word !== 'lagging' && word !== at));
  const target = membershipOf(stage, node, voters, learners);
  const proposal = node.nameProposal('change');
  const admitLagging = words.includes('lagging');
  const condition = at === undefined ? {} : { ifMembershipIndex: Number(at.slice(3)) };
  node.step({ type: 'changeMembership', change: { target, admitLagging, ...condition }, proposal });
}

/** Members keep their ordinals; a new one gets the next in the order in which nodes came onto the stage. */
function membershipOf<Message extends EngineMessage>(
  stage: Stage<Message>,
  node: StagedNode<Message>,
  voters: readonly NodeId[],
  learners: readonly NodeId[],
): Membership {
  const known = new Map(node.engine.status().membership.members.map(({ id, ordinal }) => [id, ordinal]));
  const order = [...stage.nodes.keys()];
  const member = (id: NodeId, role: Member['role']): Member => ({
    id,
    ordinal: known.get(id) ?? order.indexOf(id) + 1,
    role,
  });
  const members = [
    ...voters.map((id) => member(id, 'voter')),
    ...learners.map((id) => member(id, 'learner')),
  ].sort((left, right) => left.ordinal - right.ordinal);
  return { members, outgoingVoters: [] };
}
