/** A place to use the cluster: put, get or delete a key and see what came of it, or let a steady client do so. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount, formatLatency, shorten } from './formatting.js';
import {
  type KeyValueAnswer,
  type KeyValueSuccess,
  type Operation,
  type RequestProblem,
  requestKey,
} from './gateway-requests.js';
import { runSteadyTraffic, type TrafficReport } from './steady-traffic.js';
import type { LatencySample } from './throughput.js';

interface TryBoxProperties {
  /** Hears how long each answered request took. */
  readonly measured: (sample: LatencySample) => void;
}

/** The panel to try the cluster with. */
export function TryBox({ measured }: TryBoxProperties) {
  const [key, setKey] = useState('colour');
  const [value, setValue] = useState('teal');
  const [isStale, setStale] = useState(false);
  const [running, setRunning] = useState<Operation>();
  const [answer, setAnswer] = useState<KeyValueAnswer>();

  async function run(operation: Operation): Promise<void> {
    if (running !== undefined) return;
    setRunning(operation);
    const got = await requestKey({ operation, key, value, consistency: isStale ? 'stale' : 'linearizable' });
    setRunning(undefined);
    setAnswer(got);
    if (got.type === 'problem') return;
    const kind = operation === 'get' ? 'read' : 'write';
    measured({ atMs: Date.now(), kind, latencyMs: got.latencyMs });
  }

  return (
    <section class="panel is-try" aria-labelledby="try-title">
      <div class="panel-head">
        <h2 id="try-title">Try it</h2>
        <SteadyTraffic measured={measured} />
      </div>
      <form
        class="try"
        onSubmit={(event) => {
          event.preventDefault();
          void run('put');
        }}
      >
        <label>
          <span>Key</span>
          <input
            name="key"
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <label>
          <span>Value</span>
          <input
            name="value"
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <div class="try-buttons">
          <button type="submit" class="is-wanted" disabled={running !== undefined}>
            Put
          </button>
          <button type="button" disabled={running !== undefined} onClick={() => void run('get')}>
            Get
          </button>
          <button type="button" disabled={running !== undefined} onClick={() => void run('delete')}>
            Delete
          </button>
          <label class="check" title="Answered at once from one node's memory; may be out of date.">
            <input
              type="checkbox"
              checked={isStale}
              onInput={(event) => setStale(event.currentTarget.checked)}
            />
            stale read
          </label>
        </div>
      </form>
      <div class="answer" role="status" aria-live="polite" aria-busy={running !== undefined}>
        <Answer answer={answer} />
      </div>
    </section>
  );
}

function Answer({ answer }: { readonly answer: KeyValueAnswer | undefined }) {
  if (answer === undefined)
    return <p class="empty">A put is agreed on by a majority before it is answered.</p>;
  if (answer.type === 'problem') return <Problem problem={answer} />;
  if (answer.type === 'missing') {
    return (
      <>
        <p class="outcome">
          There is no key <code>{shorten(answer.key, 40)}</code>
        </p>
        <Facts facts={[answeredBy(answer.node), formatLatency(answer.latencyMs)]} />
      </>
    );
  }
  const revision = answer.revision === undefined ? undefined : `revision ${formatCount(answer.revision)}`;
  const changed =
    answer.modRevision === undefined ? undefined : `changed at ${formatCount(answer.modRevision)}`;
  return (
    <>
      <Outcome answer={answer} />
      <Facts facts={[revision, changed, answeredBy(answer.node), formatLatency(answer.latencyMs)]} />
    </>
  );
}

function Outcome({ answer }: { readonly answer: KeyValueSuccess }) {
  const key = <code>{shorten(answer.key, 40)}</code>;
  if (answer.operation === 'delete') {
    return <p class="outcome">{answer.deleted === 0 ? <>There was no key {key}</> : <>Deleted {key}</>}</p>;
  }
  return (
    <p class="outcome">
      {answer.operation === 'put' ? 'Put' : 'Got'} {key} ={' '}
      <code title={answer.value}>{shorten(answer.value ?? '', 120)}</code>
    </p>
  );
}

function Facts({ facts }: { readonly facts: readonly (string | undefined)[] }) {
  return <p class="facts">{facts.filter((fact) => fact !== undefined).join(' · ')}</p>;
}

function answeredBy(node: string | undefined): string | undefined {
  return node === undefined ? undefined : `answered by ${node}`;
}

function Problem({ problem }: { readonly problem: RequestProblem }) {
  return (
    <>
      <p class="outcome is-problem">
        <code>{problem.code}</code> {problem.message}
      </p>
      <p class="facts">
        {problem.effect === 'none' ? 'It did not take place. ' : 'It may have taken place. '}
        {problem.advice}
      </p>
    </>
  );
}

function SteadyTraffic({ measured }: TryBoxProperties) {
  const [isOn, setOn] = useState(false);
  const [report, setReport] = useState<TrafficReport>();
  const listener = useRef(measured);
  listener.current = measured;

  useEffect(() => {
    if (!isOn) return;
    const stopping = new AbortController();
    void runSteadyTraffic(stopping.signal, (sample) => listener.current(sample), setReport);
    return () => stopping.abort();
  }, [isOn]);

  return (
    <label
      class="check is-traffic"
      title="Writes demo/0 to demo/7 in turns and reads each back, a few times a second."
    >
      {report !== undefined && <span class="traffic-report">{trafficWords(report)}</span>}
      <input type="checkbox" checked={isOn} onInput={(event) => setOn(event.currentTarget.checked)} />
      steady traffic
    </label>
  );
}

function trafficWords(report: TrafficReport): string {
  const failed = report.failed === 0 ? '' : ` · ${formatCount(report.failed)} failed`;
  return `${formatCount(report.answered)} ok${failed} · longest gap ${formatLatency(report.longestGapMs)}`;
}
