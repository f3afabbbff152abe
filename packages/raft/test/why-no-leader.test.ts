import { ElectionJournal } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { TestCluster, type TestClusterOptions } from './test-cluster.js';

/** A cluster that something happened to, and what is said of it by those that still run. */
function explain(happen: (cluster: TestCluster) => void, options: TestClusterOptions = {}) {
  const cluster = new TestCluster(options);
  const journal = new ElectionJournal();
  happen(cluster);
  // Events of nodes that talk to each other are heard in the order of their terms and questions.
  const told = [...cluster.nodes.values()].flatMap(({ id, events }) =>
    events.map((event) => ({ id, event })),
  );
  for (const { id, event } of told) if (event.type !== 'voteAnswered') journal.take(id, event);
  for (const { id, event } of told) if (event.type === 'voteAnswered') journal.take(id, event);
  const running = [...cluster.nodes.values()].filter(({ id }) => !cluster.down.has(id));
  return journal.explain(running.map(({ engine }) => engine.status()));
}

describe('why is there no leader?', () => {
  it('there is one, and nothing is in its way', () => {
    const answer = explain((cluster) => {
      cluster.elect('n1');
      cluster.tick(3);
    });
    expect(answer).toEqual({ leader: 'n1', reasons: [] });
  });

  it('too few nodes are there', () => {
    const { leader, reasons } = explain((cluster) => {
      cluster.elect('n1');
      cluster.crash('n1');
      cluster.crash('n3');
      cluster.tick(30);
    });
    expect(leader).toBeUndefined();
    expect(reasons[0]).toBe('only 1 of 3 voters are heard of, and 2 are needed: n1, n3 are not');
    expect(reasons).toContainEqual(
      expect.stringMatching(/^n2 asked for pre-votes for term 2 \(.*\): given by nobody else$/),
    );
  });

  it('who could be reached has too old a log', () => {
    const { reasons } = explain((cluster) => {
      cluster.elect('n1');
      cluster.isolate('n3');
      cluster.propose('n1', 'x');
      cluster.settle();
      cluster.crash('n1');
      cluster.heal();
      for (let ticks = 0; ticks < 12; ticks++) cluster.step('n2', { type: 'tick' });
      cluster.node('n2').events = [];
      cluster.cut('n2', 'n3');
      for (let ticks = 0; ticks < 30; ticks++) cluster.step('n3', { type: 'tick' });
      cluster.settle();
    });
    expect(reasons).toContainEqual(
      expect.stringMatching(
        /n3 asked for pre-votes .*; n2 refused: its log ends at index 1 of term 1, this one at index 2/,
      ),
    );
  });

  it('the last leader gave up, and says why', () => {
    const { reasons } = explain((cluster) => {
      cluster.elect('n1');
      for (const id of ['n2', 'n3']) cluster.crash(id);
      cluster.tick(30);
    });
    expect(reasons).toContainEqual(expect.stringMatching(/^n1 was the last leader, until term 1: /));
  });

  it('one leads, and an entry waits for followers that are named', () => {
    const { leader, reasons } = explain((cluster) => {
      cluster.elect('n1');
      cluster.propose('n1', 'x');
    });
    expect(leader).toBe('n1');
    expect(reasons).toEqual([
      expect.stringMatching(/^n1 leads, but entry 2 is not committed: n2 holds the log through 1/),
    ]);
  });

  it('a disk went back', () => {
    const journal = new ElectionJournal();
    journal.take('n2', { type: 'dataLossFound', reason: 'its log ends before what it acknowledged' });
    expect(journal.explain([]).reasons).toEqual([
      'no node is heard of',
      'n2 takes no part any more: its log ends before what it acknowledged',
    ]);
  });
});
