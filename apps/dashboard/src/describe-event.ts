/**
 * Events in words. An engine tells everything it does; people want the turning points with their reasons. Events that
 * come with every write (appends, commits, read barriers) get no sentence: the log and the chart show them.
 */
import type { EngineEventType } from '@synod/core';
import type { FeedEvent } from './cluster-view.js';
import { termWords } from './term-words.js';
import { count, flag, type JsonRecord, record, text } from './untrusted.js';

/** What a sentence is about; the timeline filters by it. */
export type Topic = 'leadership' | 'elections' | 'snapshots' | 'log' | 'nodes';

/** All topics with their names for people, in the order of the filter. */
export const topics: readonly { readonly topic: Topic; readonly label: string }[] = [
  { topic: 'leadership', label: 'Leadership' },
  { topic: 'elections', label: 'Elections' },
  { topic: 'snapshots', label: 'Snapshots' },
  { topic: 'log', label: 'Log' },
  { topic: 'nodes', label: 'Nodes' },
];

/** One event as a sentence. */
export interface Sentence {
  readonly topic: Topic;
  /** Whom it is about, if not the node that tells it. */
  readonly about?: string;
  /** Without the subject in front: `votes for n2 in term 5`. */
  readonly text: string;
  /** The same of several nodes, which then share one line: `follow n2 in term 5`. */
  readonly textOfMany?: string;
  /** Whether it deserves to stand out. */
  readonly weight: 'turning-point' | 'trouble' | 'plain';
}

type Describe = (
  details: JsonRecord,
  node: string | undefined,
  engine: string | undefined,
) => Sentence | undefined;

const silent: Describe = () => undefined;

const engineEvents: Readonly<Record<EngineEventType, Describe>> = {
  roleChanged: describeRole,
  leaderChanged: describeLeader,
  termChanged: (details, _node, engine) =>
    plain('elections', `moves to ${termWords(engine, count(details, 'to'))}${because(details)}`),
  campaignStarted: describeCampaign,
  voteAnswered: describeVote,
  voteReceived: silent,
  entriesAppended: silent,
  commitAdvanced: silent,
  readConfirmed: silent,
  logTruncated: (details) =>
    trouble('log', `drops its entries from index ${number(details, 'from')} on${because(details)}`),
  appendRefused: describeRefusedAppend,
  progressChanged: (details) =>
    plain(
      'log',
      `${progressVerb(details)} ${name(details, 'peer')} from index ${number(details, 'nextIndex')}${because(details)}`,
    ),
  snapshotOffered: (details) =>
    plain(
      'snapshots',
      `offers ${name(details, 'peer')} its snapshot through index ${number(details, 'index')}`,
    ),
  snapshotWanted: (details) =>
    plain(
      'snapshots',
      `is asked by ${name(details, 'peer')} for a snapshot through index ${number(details, 'index')} and has none yet`,
    ),
  snapshotInstalled: (details) =>
    plain(
      'snapshots',
      `installs a snapshot through index ${position(details, 'at')} from ${name(details, 'from')}`,
    ),
  logDiscarded: describeDiscardedLog,
  dataLossFound: (details) => trouble('nodes', `takes no part any more${because(details)}`),
  membershipChanged: describeMembership,
  transferStarted: (details) =>
    turningPoint('leadership', `hands its leadership to ${name(details, 'to')}${because(details)}`),
  transferEnded: (details) =>
    flag(details, 'stillLeads') === true
      ? trouble('leadership', `could not hand its leadership to ${name(details, 'to')}${because(details)}`)
      : undefined,
  messageIgnored: silent,
};

// Of the runtime that drives the engine, `@synod/replica`. A start is silent where its end is told.
const runtimeEvents: Readonly<Record<string, Describe>> = {
  saved: silent,
  applied: silent,
  snapshotStarted: silent,
  snapshotSaved: describeSavedSnapshot,
  snapshotAbandoned: (details) =>
    trouble('snapshots', `gives up its snapshot through index ${position(details, 'at')}${because(details)}`),
  snapshotRestored: (details) =>
    plain('snapshots', `takes its state from the snapshot through index ${position(details, 'at')}`),
  snapshotSendStarted: silent,
  snapshotSendEnded: (details) =>
    flag(details, 'delivered') === true
      ? plain('snapshots', `has delivered its snapshot to ${name(details, 'peer')}`)
      : trouble('snapshots', `could not deliver its snapshot to ${name(details, 'peer')}${because(details)}`),
  snapshotReceiveStarted: silent,
  snapshotReceiveEnded: (details) =>
    flag(details, 'complete') === true
      ? undefined
      : trouble('snapshots', `did not get the snapshot of ${name(details, 'peer')}${because(details)}`),
  payloadDropped: (details) => trouble('log', `drops what ${name(details, 'peer')} sent${because(details)}`),
  peerUp: (details) => {
    const peer = name(details, 'peer');
    return { ...plain('nodes', `is connected to ${peer}`), textOfMany: `are connected to ${peer}` };
  },
  peerDown: (details) => {
    const peer = name(details, 'peer');
    return { ...plain('nodes', `has no connection to ${peer}`), textOfMany: `have no connection to ${peer}` };
  },
  welcomed: silent,
  admitted: () => ({
    ...plain('nodes', 'is admitted and takes part'),
    textOfMany: 'are admitted and take part',
  }),
  refusedByPeer: (details) =>
    trouble('nodes', `is refused by ${name(details, 'peer')}${becauseOfRefusal(details)}`),
  peerRefused: (details) => trouble('nodes', `refuses ${name(details, 'peer')}${becauseOfRefusal(details)}`),
  storageFull: () => trouble('nodes', 'has a full disk: it takes no writes until there is room'),
  storageHasRoom: () => turningPoint('nodes', 'has room on its disk again'),
  failed: (details) => trouble('nodes', `stops for safety${because(details)}`),
  closed: () => plain('nodes', 'closes'),
};

// Of the write-ahead log and of the transport. What they do every day is silent.
const storageAndTransportEvents: Readonly<Record<string, Describe>> = {
  segmentCreated: silent,
  segmentRemoved: silent,
  entriesMoved: silent,
  tornTailCut: (details) =>
    trouble('log', `cuts a torn tail of ${number(details, 'bytes')} bytes off ${name(details, 'file')}`),
  full: silent,
  roomFound: silent,
  listening: silent,
  dropped: silent,
  damaged: (details) =>
    trouble('nodes', `got damaged bytes from ${name(details, 'peer')}${because(details)}`),
};

const gatewayEvents: Readonly<Record<string, Describe>> = {
  nodeHealthy: (details) => aboutPeer(details, turningPoint('nodes', 'answers the gateway')),
  nodeUnhealthy: (details) =>
    aboutPeer(details, trouble('nodes', `does not answer the gateway${because(details)}`)),
  nodeEjected: (details) =>
    aboutPeer(details, trouble('nodes', 'gets no reads for a while: its answers failed')),
  nodeReturned: (details) => aboutPeer(details, plain('nodes', 'may prove itself with reads again')),
  strategyChanged: (details) => plain('nodes', `spreads reads by ${name(details, 'strategy')}`),
  gatewayLeaderChanged: describeGatewayLeader,
};

const byType: ReadonlyMap<string, Describe> = new Map(
  Object.entries({
    ...engineEvents,
    ...runtimeEvents,
    ...storageAndTransportEvents,
    ...gatewayEvents,
  }),
);

/** The sentence of an event of an engine of that kind, or `undefined` when it deserves none. */
export function describeEvent(event: FeedEvent, engine?: string): Sentence | undefined {
  const describe = byType.get(event.type) ?? ((details: JsonRecord) => describeUnknown(event.type, details));
  return describe(event.details, event.node, engine);
}

function describeRole(
  details: JsonRecord,
  _node: string | undefined,
  engine: string | undefined,
): Sentence | undefined {
  const to = text(details, 'to');
  const term = termWords(engine, count(details, 'term'));
  if (to === 'leader') return turningPoint('leadership', `becomes leader of ${term}${because(details)}`);
  if (text(details, 'from') === 'leader') {
    return turningPoint('leadership', `steps down in ${term}${because(details)}`);
  }
  if (to === 'learner') return plain('nodes', `becomes a learner, without a vote${because(details)}`);
  // How it became a candidate, and whom it follows afterwards, is told by events of their own.
  return undefined;
}

function describeMembership(details: JsonRecord): Sentence {
  const membership = record(details.membership) ?? {};
  const ids = (field: string) => (Array.isArray(membership[field]) ? membership[field] : []).length;
  const outgoing = ids('outgoingVoters');
  const what = `${ids('members')} members from index ${number(details, 'index')} on`;
  const whole = outgoing === 0 ? what : `${what}, together with ${outgoing} outgoing voters`;
  return { ...plain('nodes', `has ${whole}${because(details)}`), textOfMany: `have ${whole}` };
}

function describeLeader(
  details: JsonRecord,
  node: string | undefined,
  engine: string | undefined,
): Sentence | undefined {
  const leader = text(details, 'leader', 60);
  const term = termWords(engine, count(details, 'term'));
  if (leader === node) return undefined;
  const whom = leader === undefined ? `no leader in ${term}` : `${leader} in ${term}`;
  return leader === undefined
    ? { ...plain('leadership', `knows ${whom}`), textOfMany: `know ${whom}` }
    : { ...plain('leadership', `follows ${whom}`), textOfMany: `follow ${whom}` };
}

function describeCampaign(
  details: JsonRecord,
  _node: string | undefined,
  engine: string | undefined,
): Sentence {
  const term = termWords(engine, count(details, 'term'));
  return flag(details, 'preVote') === true
    ? plain('elections', `asks whether it would win ${term}${because(details)}`)
    : plain('elections', `asks for votes in ${term}${because(details)}`);
}

function describeVote(details: JsonRecord, _node: string | undefined, engine: string | undefined): Sentence {
  const candidate = name(details, 'candidate');
  const preVote = flag(details, 'preVote') === true;
  const term = termWords(engine, count(details, 'term'));
  if (flag(details, 'granted') === true) {
    return plain('elections', `${preVote ? 'would vote' : 'votes'} for ${candidate} in ${term}`);
  }
  return trouble(
    'elections',
    `${preVote ? 'would refuse' : 'refuses'} ${candidate} its vote in ${term}${because(details)}`,
  );
}

function describeRefusedAppend(details: JsonRecord): Sentence {
  const at = position(details, 'at');
  return plain(
    'log',
    `learns that ${name(details, 'peer')} lacks index ${at}, goes back to ${position(details, 'hint')}`,
  );
}

// The storage tells of the file under the same name; that the runtime tells of the state is enough.
function describeSavedSnapshot(details: JsonRecord): Sentence | undefined {
  if (details.at === undefined) return undefined;
  const what = `a snapshot through index ${position(details, 'at')}`;
  return { ...plain('snapshots', `saves ${what}`), textOfMany: `save ${what}` };
}

function describeDiscardedLog(details: JsonRecord): Sentence {
  const what = `the log through index ${position(details, 'through')}`;
  return { ...plain('snapshots', `discards ${what}`), textOfMany: `discard ${what}` };
}

function describeGatewayLeader(details: JsonRecord): Sentence {
  const leader = text(details, 'leader', 60);
  if (leader === undefined) return trouble('leadership', 'knows no leader: writes wait');
  return plain('leadership', `sends writes to ${leader} from now on`);
}

function aboutPeer(details: JsonRecord, sentence: Sentence): Sentence {
  return { ...sentence, about: name(details, 'peer') };
}

// Events of versions to come: the type in plain words, with the reason if one is given.
function describeUnknown(type: string, details: JsonRecord): Sentence {
  const words = type
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase();
  const topic: Topic = words.includes('snapshot') ? 'snapshots' : 'nodes';
  const isTrouble = /fail|refus|lost|drop|corrupt|reject|stopped|exit/.test(words);
  const sentence = `${words}${because(details)}`;
  return isTrouble ? trouble(topic, sentence) : plain(topic, sentence);
}

function progressVerb(details: JsonRecord): string {
  const state = text(details, 'state');
  if (state === 'replicate') return 'streams its log to';
  return state === 'snapshot' ? 'sends a snapshot to' : 'looks for agreement with';
}

function because(details: JsonRecord): string {
  const error = record(details.error) ?? {};
  const reason = text(details, 'reason', 300) ?? text(details, 'message', 300) ?? text(error, 'message', 300);
  return reason === undefined ? '' : `: ${reason}`;
}

function becauseOfRefusal(details: JsonRecord): string {
  const refusal = record(details.refusal);
  return refusal === undefined ? because(details) : because(refusal);
}

function name(details: JsonRecord, field: string): string {
  return text(details, field, 60) ?? 'an unknown node';
}

function number(details: JsonRecord, field: string): string {
  return String(count(details, field) ?? '?');
}

function position(details: JsonRecord, field: string): string {
  const at = record(details[field]);
  return at === undefined ? '?' : number(at, 'index');
}

function plain(topic: Topic, sentence: string): Sentence {
  return { topic, text: sentence, weight: 'plain' };
}

function trouble(topic: Topic, sentence: string): Sentence {
  return { topic, text: sentence, weight: 'trouble' };
}

function turningPoint(topic: Topic, sentence: string): Sentence {
  return { topic, text: sentence, weight: 'turning-point' };
}
