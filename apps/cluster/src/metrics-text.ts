/** Counters as Prometheus reads them: the text format, version 0.0.4. */
import type { HttpAnswer } from './http-server.js';

/** One value with its labels. */
export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric. */
export interface Metric {
  /** Name; begins with `synod_`, and a counter ends with `_total`. */
  readonly name: string;
  /** Whether it only grows. */
  readonly type: 'counter' | 'gauge';
  /** What it counts. */
  readonly help: string;
  /** Its values. */
  readonly samples: readonly MetricSample[];
}

/**
 * A metric with a value for each name in a record.
 *
 * @param metric - The metric.
 * @param label - Name of the label.
 * @param values - Value by label.
 */
export function byLabel(
  metric: Omit<Metric, 'samples'>,
  label: string,
  values: Readonly<Record<string, number>>,
): Metric {
  const samples = Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
  return { ...metric, samples };
}

/**
 * Writes metrics as an answer.
 *
 * @param metrics - The metrics; those without samples are left out.
 */
export function metricsAnswer(metrics: readonly Metric[]): HttpAnswer {
  const lines = metrics
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels = {}, value }) => `${name}${labelText(labels)} ${value}`),
    ]);
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
    body: `${lines.join('\n')}\n`,
  };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
    return `${name}="${escaped}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
