/** The page as a whole: holds the state, feeds it, and lays out the parts. */
import { useEffect, useReducer } from 'preact/hooks';
import { ClusterFeed } from './cluster-feed.js';
import { ClusterHeader } from './cluster-header.js';
import { type DashboardState, initialState, linkOf, reduce } from './dashboard-state.js';
import { EventTimeline } from './event-timeline.js';
import { orderFault } from './gateway-requests.js';
import { LogLegend, logWindowOf } from './log-strip.js';
import { LogTailPanel } from './log-tail.js';
import { NodeCard } from './node-card.js';
import { StrategyChoice } from './strategy-choice.js';
import { ThroughputChart } from './throughput-chart.js';
import { TryBox } from './try-box.js';

/** The dashboard. */
export function App() {
  const [state, tell] = useReducer(reduce, initialState);

  useEffect(() => {
    const feed = new ClusterFeed(tell);
    feed.start();
    return () => feed.stop();
  }, []);

  async function order(node: string, fault: 'kill' | 'restart'): Promise<void> {
    tell({ type: 'faultOrdered', node, order: { fault, orderedAtMs: Date.now() } });
    const problem = await orderFault(node, fault);
    if (problem !== undefined) tell({ type: 'faultRefused', node, problem });
  }

  return (
    <div class={`page ${linkOf(state) === 'lost' ? 'is-lost' : ''}`}>
      <ClusterHeader state={state} />
      <p class="unseen" role="status" aria-live="polite">
        {state.announcement}
      </p>
      <main>
        <Nodes state={state} order={(node, fault) => void order(node, fault)} />
        <div class="panels">
          <div class="panel-column">
            <TryBox measured={(sample) => tell({ type: 'requestAnswered', sample })} />
            <ThroughputChart commits={state.commits} latencies={state.latencies} />
          </div>
          <LogTailPanel log={state.log} />
          <EventTimeline items={state.timeline} isStreamed={state.streaming} />
        </div>
      </main>
    </div>
  );
}

interface NodesProperties {
  readonly state: DashboardState;
  readonly order: (node: string, fault: 'kill' | 'restart') => void;
}

function Nodes({ state, order }: NodesProperties) {
  const { cluster } = state;
  if (cluster === undefined) {
    return <p class="waiting">{state.problem ?? 'Looking for the cluster…'}</p>;
  }
  const logWindow = logWindowOf(cluster.nodes);
  return (
    <section aria-labelledby="nodes-title">
      <div class="section-line">
        <h2 id="nodes-title">Nodes</h2>
        <StrategyChoice cluster={cluster} />
        <LogLegend />
      </div>
      <ul class="nodes">
        {cluster.nodes.map((node) => (
          <NodeCard
            key={node.id}
            node={node}
            cluster={cluster}
            logWindow={logWindow}
            order={state.orders.get(node.id)?.fault}
            refusal={state.refusedOrders.get(node.id)}
            onOrder={(fault) => order(node.id, fault)}
          />
        ))}
      </ul>
    </section>
  );
}
