/**
 * The page's ear: looks at the cluster twice a second, listens to its events, and tells what it learned as actions.
 * Looks go on whatever happens to the stream, so a page without a stream is slower but not blind.
 */
import {
  type ClusterView,
  commitIndexOf,
  parseCluster,
  parseFeedEvent,
  parseLogTail,
} from './cluster-view.js';
import type { DashboardAction } from './dashboard-state.js';
import { describeEvent } from './describe-event.js';

const lookMs = 500;
const hiddenLookMs = 5000;
const lookTimeoutMs = 4000;
const logEntries = 30;
const logEveryMs = 1000;
const streamRetryMs = 5000;

/** Polls the cluster and its log, and follows its events, from {@link ClusterFeed.start} to {@link ClusterFeed.stop}. */
export class ClusterFeed {
  readonly #tell: (action: DashboardAction) => void;
  readonly #stopping = new AbortController();
  #stream: EventSource | undefined;
  #streamTimer: ReturnType<typeof setTimeout> | undefined;
  #logReadAtMs = 0;
  #logKnownThrough: number | undefined;

  /** @param tell - Hears everything that was learned, in order. */
  constructor(tell: (action: DashboardAction) => void) {
    this.#tell = tell;
  }

  /** Starts looking and listening. Once only. */
  start(): void {
    void this.#lookForever();
    this.#listen();
  }

  /** Ends everything; nothing is told any more. */
  stop(): void {
    this.#stopping.abort();
    this.#stream?.close();
    clearTimeout(this.#streamTimer);
  }

  async #lookForever(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const startedMs = performance.now();
      await this.#look();
      const pauseMs = document.hidden ? hiddenLookMs : lookMs;
      const restMs = Math.max(50, pauseMs - (performance.now() - startedMs));
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  async #look(): Promise<void> {
    const answer = await this.#read('v1/cluster');
    if (this.#stopping.signal.aborted) return;
    const view = answer.problem === undefined ? parseCluster(answer.json, Date.now()) : undefined;
    if (view === undefined) {
      this.#tell({
        type: 'clusterLost',
        problem: answer.problem ?? 'The answer to GET /v1/cluster is no cluster.',
      });
      return;
    }
    this.#tell({ type: 'clusterRead', view, atMs: Date.now() });
    await this.#readLogIfGrown(view);
  }

  async #readLogIfGrown(view: ClusterView): Promise<void> {
    const commitIndex = commitIndexOf(view);
    if (commitIndex === undefined || commitIndex === this.#logKnownThrough) return;
    if (Date.now() - this.#logReadAtMs < logEveryMs) return;
    this.#logReadAtMs = Date.now();
    const answer = await this.#read(`v1/cluster/log?last=${logEntries}`);
    const tail = answer.problem === undefined ? parseLogTail(answer.json) : undefined;
    if (tail === undefined || this.#stopping.signal.aborted) return;
    this.#logKnownThrough = tail.entries[0]?.index;
    this.#tell({ type: 'logRead', tail });
  }

  async #read(url: string): Promise<{ readonly json?: unknown; readonly problem?: string }> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(lookTimeoutMs)]);
    try {
      const response = await fetch(url, {
        signal,
        cache: 'no-store',
        headers: { accept: 'application/json' },
      });
      if (!response.ok) return { problem: `The gateway answered with status ${response.status}.` };
      return { json: await response.json() };
    } catch {
      return { problem: 'The gateway does not answer.' };
    }
  }

  // The browser itself opens a cut stream again. It gives up on one that was refused: then this tries again.
  #listen(): void {
    if (this.#stopping.signal.aborted) return;
    const stream = new EventSource('v1/cluster/events');
    this.#stream = stream;
    stream.onopen = () => this.#tell({ type: 'streamOpened' });
    stream.onmessage = (message) => this.#hear(String(message.data));
    stream.onerror = () => {
      this.#tell({ type: 'streamLost' });
      if (stream.readyState !== EventSource.CLOSED) return;
      this.#streamTimer = setTimeout(() => this.#listen(), streamRetryMs);
    };
  }

  // Under load most events have no sentence: they must not make the page draw.
  #hear(data: string): void {
    const event = parseFeedEvent(data);
    if (event !== undefined && describeEvent(event) !== undefined) {
      this.#tell({ type: 'eventArrived', event, atMs: Date.now() });
    }
  }
}
