/** The last two minutes: entries committed each second, and how long this page's own writes and reads took. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatLatency, formatRate, formatTimeOfDay } from './formatting.js';
import {
  type CommitSample,
  type LatencySample,
  newest,
  type ThroughputSeries,
  throughputSeries,
} from './throughput.js';

interface ThroughputChartProperties {
  readonly commits: readonly CommitSample[];
  readonly latencies: readonly LatencySample[];
}

/** The panel with the chart. */
export function ThroughputChart({ commits, latencies }: ThroughputChartProperties) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const isDark = useDarkScheme();
  const second = useSecond();
  const series = throughputSeries(commits, latencies, second * 1000);

  // Colours are read anew when the scheme changes.
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const made = new uPlot(chartOptions(element), pointsOf(series), element);
    const watcher = new ResizeObserver(() => made.setSize(sizeOf(element)));
    watcher.observe(element);
    chart.current = made;
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [isDark]);

  // One redraw a second is enough.
  useEffect(() => chart.current?.setData(pointsOf(series)), [second]);

  const rate = newest(series.commitsPerSecond);
  const write = newest(series.writeMs);
  const read = newest(series.readMs);
  return (
    <section class="panel is-chart" aria-labelledby="chart-title">
      <div class="panel-head">
        <h2 id="chart-title">Last two minutes</h2>
        <ul class="chart-legend">
          <li class="is-commits">{rate === undefined ? '–' : formatRate(rate)} entries/s</li>
          <li class="is-write">write {write === undefined ? '–' : formatLatency(write)}</li>
          <li class="is-read">read {read === undefined ? '–' : formatLatency(read)}</li>
        </ul>
      </div>
      <div
        class="chart"
        ref={holder}
        role="img"
        aria-label="Entries committed each second, and latency of this page's requests"
      />
    </section>
  );
}

function pointsOf(series: ThroughputSeries): uPlot.AlignedData {
  return [[...series.seconds], [...series.commitsPerSecond], [...series.writeMs], [...series.readMs]];
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, element.clientWidth), height: Math.max(110, element.clientHeight) };
}

function chartOptions(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--ink-faint'),
    font: `11px ${style.fontFamily}`,
    ticks: { show: false },
  };
  const line = { width: 1.75, spanGaps: false, points: { show: false } };
  const latency = { ...line, scale: 'ms', points: { show: true, size: 4 } };
  return {
    ...sizeOf(element),
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 0, 0, 0],
    scales: {
      x: { time: true },
      entries: { range: (_chart, _least, greatest) => [0, Math.max(10, greatest * 1.15)] },
      ms: { range: (_chart, _least, greatest) => [0, Math.max(5, greatest * 1.15)] },
    },
    series: [
      {},
      { ...line, scale: 'entries', stroke: colour('--commits'), fill: colour('--commits-wash') },
      { ...latency, stroke: colour('--write') },
      { ...latency, stroke: colour('--read') },
    ],
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        gap: 4,
        space: 70,
        values: (_chart, seconds) => seconds.map((second) => formatTimeOfDay(second * 1000)),
      },
      {
        ...axis,
        scale: 'entries',
        size: 38,
        gap: 4,
        space: 28,
        grid: { stroke: colour('--line'), width: 1 },
      },
      {
        ...axis,
        scale: 'ms',
        side: 1,
        size: 44,
        gap: 4,
        space: 28,
        grid: { show: false },
        values: (_chart, ms) => ms.map((value) => `${value} ms`),
      },
    ],
  };
}

// The whole second that it is, as state: the chart moves on even when nothing arrives.
function useSecond(): number {
  const [second, setSecond] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    const timer = setInterval(() => setSecond(Math.floor(Date.now() / 1000)), 500);
    return () => clearInterval(timer);
  }, []);
  return second;
}

function useDarkScheme(): boolean {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return isDark;
}
