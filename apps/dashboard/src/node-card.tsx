/** One node: the part it plays and why, its log, what the leader knows of the others, and its switch. */
import { type ClusterView, leaderOf, type NodeView, type PeerView, type StatusView } from './cluster-view.js';
import { formatAmount, formatCount, formatDuration } from './formatting.js';
import { LogStrip, type LogWindow } from './log-strip.js';
import { RoleMark, type Standing, standingWords } from './role-mark.js';
import { termWords } from './term-words.js';

interface NodeCardProperties {
  readonly node: NodeView;
  readonly cluster: ClusterView;
  readonly logWindow: LogWindow;
  /** A fault that was ordered and is not seen yet. */
  readonly order: 'kill' | 'restart' | undefined;
  /** Why the last order was refused. */
  readonly refusal: string | undefined;
  readonly onOrder: (fault: 'kill' | 'restart') => void;
}

/** The card of one node. */
export function NodeCard({ node, cluster, logWindow, order, refusal, onOrder }: NodeCardProperties) {
  const { status } = node;
  const standing = standingOf(node);
  const isOutdated = standing === 'leader' && leaderOf(cluster)?.id !== node.id;
  return (
    <li
      class={`node is-${standing} ${isOutdated ? 'is-outdated' : ''}`}
      data-node={node.id}
      data-standing={standing}
    >
      <div class="node-head">
        <RoleMark standing={standing} />
        <h3>{node.id}</h3>
        <span class="role">
          {isOutdated
            ? `Leader of an old ${cluster.engine === 'paxos' ? 'ballot' : 'term'}`
            : standingWords[standing]}
        </span>
        {status !== undefined && <span class="term">{termWords(cluster.engine, status.term)}</span>}
      </div>
      <p class="why" title={explain(node)}>
        {explain(node)}
      </p>
      {status !== undefined && (
        <>
          <LogStrip status={status} shown={logWindow} />
          <Indexes status={status} />
          {/* As high as the leader's: cards keep their height when the leadership moves. */}
          <div class="peers-frame" style={{ '--rows': cluster.nodes.length - 1 }}>
            {standing === 'leader' ? <Peers status={status} /> : <Following node={node} cluster={cluster} />}
          </div>
        </>
      )}
      <div class="node-foot">
        <span class="process">{processWords(node)}</span>
        {cluster.faultsEnabled && <Switch node={node} order={order} onOrder={onOrder} />}
      </div>
      {refusal !== undefined && (
        <p class="refusal" role="alert">
          {refusal}
        </p>
      )}
    </li>
  );
}

/** What a node's mark shows. */
function standingOf(node: NodeView): Standing {
  if (!node.reachable) return node.process?.state === 'starting' ? 'starting' : 'down';
  if (node.state === 'starting' || node.state === 'failed') return node.state;
  return node.status?.role ?? 'unknown';
}

function explain(node: NodeView): string {
  if (!node.reachable && node.process?.state === 'stopped') {
    return node.process.exit === undefined ? 'Its process has ended.' : sentence(node.process.exit);
  }
  if (!node.reachable && node.process?.state === 'starting')
    return 'Its process has started and does not answer yet.';
  if (!node.reachable) return sentence(node.problem ?? 'it does not answer');
  if (node.state !== undefined && node.state !== 'running')
    return sentence(node.problem ?? 'it does not take part yet');
  return sentence(node.status?.explanation ?? 'it has not said what it waits for');
}

function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

function Indexes({ status }: { readonly status: StatusView }) {
  const indexes = [
    { name: 'commit', index: status.commitIndex },
    { name: 'applied', index: status.appliedIndex },
    { name: 'last', index: status.lastIndex },
    { name: 'snapshot', index: status.snapshotIndex },
  ];
  return (
    <dl class="indexes">
      {indexes.map(({ name, index }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{name === 'snapshot' && index === 0 ? 'none' : formatCount(index)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Peers({ status }: { readonly status: StatusView }) {
  return (
    <ul class="peers" aria-label="What the leader knows of its peers">
      {status.peers.map((peer) => (
        <PeerLine key={peer.id} label={peer.id} peer={peer} lastIndex={status.lastIndex} />
      ))}
    </ul>
  );
}

function Following({ node, cluster }: { readonly node: NodeView; readonly cluster: ClusterView }) {
  const leader = leaderOf(cluster);
  const seen = leader?.status?.peers.find((peer) => peer.id === node.id);
  const isSeen = leader?.status !== undefined && seen !== undefined && node.status?.leader === leader.id;
  return (
    <ul class="peers" aria-label="Whom it follows">
      {isSeen && node.reachable ? (
        <PeerLine
          label={followingWords(node, cluster.engine)}
          peer={seen}
          lastIndex={leader.status.lastIndex}
          isBrief
        />
      ) : (
        <li class="peer">{followingWords(node, cluster.engine)}</li>
      )}
    </ul>
  );
}

function followingWords({ reachable, status }: NodeView, engine: string | undefined): string {
  if (!reachable && status?.role === 'leader') return `Led ${termWords(engine, status.term)}`;
  if (status?.leader === undefined) return reachable ? 'Knows no leader' : 'Knew no leader';
  return `${reachable ? 'Follows' : 'Followed'} ${status.leader}`;
}

const barEntries = 64;

interface PeerLineProperties {
  readonly label: string;
  readonly peer: PeerView;
  /** Of the leader: where the peer's log should end. */
  readonly lastIndex: number;
  /** Without the indexes. */
  readonly isBrief?: boolean;
}

// The bar spans the leader's newest entries: a lag that matters is visible however long the log is.
function PeerLine({ label, peer, lastIndex, isBrief = false }: PeerLineProperties) {
  const behind = Math.max(0, lastIndex - peer.matchIndex);
  const span = Math.max(1, Math.min(barEntries, lastIndex));
  const filled = Math.max(0, 1 - behind / span);
  const state = peer.state ?? 'state unknown';
  return (
    <li class="peer">
      <span class="peer-id">{label}</span>
      <svg
        class={`peer-bar is-${peer.state ?? 'unknown'}`}
        viewBox="0 0 100 6"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect class="peer-track" width="100" height="6" rx="1" />
        <rect class="peer-fill" width={filled * 100} height="6" rx="1" />
      </svg>
      <span class="peer-words">
        {lagWords(peer, behind)}
        {!isBrief && (
          <span class="peer-more">
            {' '}
            · {state} · match {formatCount(peer.matchIndex)} · next {formatCount(peer.nextIndex)}
          </span>
        )}
      </span>
    </li>
  );
}

// A new leader that has not heard from a peer yet knows nothing of its log: match 0 is no measure then.
function lagWords(peer: PeerView, behind: number): string {
  if (behind === 0) return 'in step';
  if (peer.state === 'probe' && peer.matchIndex === 0) return 'not heard from yet';
  return `${formatCount(behind)} behind`;
}

function processWords(node: NodeView): string {
  if (!node.reachable && node.process?.state !== 'starting') return node.url ?? '';
  const pid = node.pid === undefined ? [] : [`pid ${node.pid}`];
  const age = node.startedAtMs === undefined ? [] : [`up ${formatDuration(Date.now() - node.startedAtMs)}`];
  const picks = node.picks === undefined ? [] : [formatAmount(node.picks, 'request', 'requests')];
  return [...pid, ...age, ...picks, ...balanceWords(node)].join(' · ');
}

/** Only what is out of the ordinary: that it gets fewer reads than others, or none. */
function balanceWords({ balance }: NodeView): readonly string[] {
  switch (balance) {
    case 'starting':
      return ['starts slowly'];
    case 'trial':
      return ['on trial'];
    case 'ejected':
      return ['ejected: its answers failed'];
    default:
      return [];
  }
}

interface SwitchProperties {
  readonly node: NodeView;
  readonly order: 'kill' | 'restart' | undefined;
  readonly onOrder: (fault: 'kill' | 'restart') => void;
}

// No question is asked before a kill: Restart undoes it, and a kill loses nothing that was committed.
function Switch({ node, order, onOrder }: SwitchProperties) {
  const isUp = node.process === undefined ? node.reachable : node.process.state !== 'stopped';
  return (
    <span class="switch">
      <button
        type="button"
        class="is-kill"
        disabled={!isUp || order !== undefined}
        aria-label={`Kill ${node.id}`}
        title="Ends its process at once, as kill -9 does. Restart undoes it."
        onClick={() => onOrder('kill')}
      >
        {order === 'kill' ? 'Killing…' : 'Kill'}
      </button>
      <button
        type="button"
        class={isUp ? '' : 'is-wanted'}
        disabled={isUp || order !== undefined}
        aria-label={`Restart ${node.id}`}
        title="Starts its process again on the same data."
        onClick={() => onOrder('restart')}
      >
        {order === 'restart' ? 'Starting…' : 'Restart'}
      </button>
    </span>
  );
}
