/** The line at the top: which cluster it is, how it is in one sentence, and whether what is shown is fresh. */
import { type ClusterView, commitIndexOf, leaderOf } from './cluster-view.js';
import { type DashboardState, type Link, linkOf } from './dashboard-state.js';
import { formatCount } from './formatting.js';
import { termWords } from './term-words.js';

const linkWords: Readonly<Record<Link, { readonly label: string; readonly hint: string }>> = {
  connecting: { label: 'Connecting', hint: 'Nothing was heard from the gateway yet.' },
  live: { label: 'Live', hint: 'Looks twice a second and hears events as they happen.' },
  polling: { label: 'Polling', hint: 'Looks twice a second; the event stream is not open.' },
  lost: { label: 'Gateway lost', hint: 'The gateway does not answer. What is shown is old.' },
};

const engineNames: Readonly<Record<string, string>> = { raft: 'Raft', paxos: 'Multi-Paxos' };

/** The header of the page. */
export function ClusterHeader({ state }: { readonly state: DashboardState }) {
  const { cluster } = state;
  const link = linkOf(state);
  const engine = cluster?.engine;
  return (
    <header class="header">
      <h1>
        <Emblem />
        Synod
      </h1>
      {cluster?.name !== undefined && <span class="cluster-name">{cluster.name}</span>}
      {engine !== undefined && <span class="chip">{engineNames[engine] ?? engine}</span>}
      <p class="health">{state.problem ?? (cluster && healthOf(cluster))}</p>
      <span class={`link is-${link}`} title={linkWords[link].hint}>
        <span class="link-dot" aria-hidden="true" />
        {linkWords[link].label}
      </span>
    </header>
  );
}

/** The state of the cluster in one sentence. */
function healthOf(cluster: ClusterView): string {
  const up = cluster.nodes.filter((node) => node.reachable).length;
  const leader = leaderOf(cluster);
  const commitIndex = commitIndexOf(cluster);
  const lead =
    leader === undefined
      ? 'No leader'
      : `${leader.id} leads ${termWords(cluster.engine, leader.status?.term)}`;
  const nodes = `${up} of ${cluster.nodes.length} nodes up`;
  const committed = commitIndex === undefined ? [] : [`committed through ${formatCount(commitIndex)}`];
  return [lead, nodes, ...committed].join(' · ');
}

function Emblem() {
  return (
    <svg class="emblem" viewBox="0 0 32 32" aria-hidden="true">
      <circle class="emblem-ring" cx="16" cy="17" r="9.5" />
      <circle class="emblem-member" cx="7.8" cy="21.8" r="4" />
      <circle class="emblem-member" cx="24.2" cy="21.8" r="4" />
      <circle class="emblem-leader" cx="16" cy="7.5" r="5.5" />
    </svg>
  );
}
