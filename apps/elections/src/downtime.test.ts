/** What the Raft paper says of figure 16 (§9.3), with room for another network and fewer trials. */
import { describe, expect, it } from 'vitest';
import { drawChart } from './chart.js';
import { meanMs, measureDowntime, quantileMs } from './downtime.js';
import { tableOf } from './report.js';

const asInPaper = { trials: 60, seed: 1, preVote: false, giveUpMs: 10_000 };

function measured(leastMs: number, mostMs: number, preVote = false) {
  return measureDowntime({ leastMs, mostMs }, { ...asInPaper, preVote });
}

describe('time without a leader', () => {
  it('without randomness most elections take longer than 10 s, by split votes', () => {
    const none = measureDowntime({ leastMs: 150, mostMs: 150 }, { ...asInPaper, trials: 10 });
    expect(quantileMs(none, 0.5)).toBe(Number.POSITIVE_INFINITY);
  }, 30_000);

  it('5 ms of randomness bring the median well below a second, 50 ms the longest', () => {
    expect(quantileMs(measured(150, 155), 0.5)).toBeLessThan(500);
    expect(quantileMs(measured(150, 200), 1)).toBeLessThan(1000);
  });

  it('timeouts of 12 to 24 ms elect a leader in 35 ms or so', () => {
    const short = meanMs(measured(12, 24));
    expect(short).toBeGreaterThan(15);
    expect(short).toBeLessThan(60);
  });

  it('pre-vote keeps servers that cannot win from splitting votes, so it needs hardly any randomness', () => {
    expect(quantileMs(measured(150, 155, true), 0.99)).toBeLessThan(quantileMs(measured(150, 155), 0.99));
  });

  it('the same seeds give the same times, other seeds others', () => {
    const again = (seed: number) =>
      measureDowntime({ leastMs: 150, mostMs: 300 }, { ...asInPaper, seed }).timesMs;
    expect(again(1)).toEqual(again(1));
    expect(again(1)).not.toEqual(again(1000));
  });

  it('the table and the graph show every range', () => {
    const downtimes = [measured(50, 100), measured(100, 200)];
    expect(tableOf(downtimes, 10_000).match(/^\| \d+–\d+ ms/gm)).toHaveLength(2);
    const svg = drawChart('Figure 16', downtimes, { fromMs: 10, toMs: 1000 });
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });
});
