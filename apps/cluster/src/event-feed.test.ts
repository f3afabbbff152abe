import { describe, expect, it } from 'vitest';
import { EventFeed } from './event-feed.js';

function publish(feed: EventFeed, count: number): void {
  for (let number = 1; number <= count; number++) {
    feed.publish({ node: 'n1', timeMs: number, event: { type: 'tested', number } });
  }
}

describe('an event feed', () => {
  it('gives a reader who comes back exactly what it missed', () => {
    const feed = new EventFeed(1_000, 10);
    publish(feed, 5);
    const seen = feed.since(0);
    expect(seen.map(({ event }) => event.number)).toEqual([1, 2, 3, 4, 5]);
    publish(feed, 3);
    expect(feed.since(seen.at(-1)?.id ?? 0).map(({ event }) => event.number)).toEqual([1, 2, 3]);
    expect(feed.since(feed.since(0).at(-1)?.id ?? 0)).toEqual([]);
  });

  it('remembers no more than it may, however many events there were', () => {
    const feed = new EventFeed(1_000, 10);
    publish(feed, 10_000);
    expect(feed.since(0).map(({ event }) => event.number)).toEqual([
      9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10000,
    ]);
  });

  it('numbers the events of a restarted process above those of its earlier life', () => {
    const before = new EventFeed(1_000, 10);
    publish(before, 500);
    const after = new EventFeed(1_001, 10);
    publish(after, 1);
    expect(after.since(before.since(0).at(-1)?.id ?? 0)).toHaveLength(1);
  });

  it('tells its readers until they end their subscription', () => {
    const feed = new EventFeed(1_000, 10);
    const heard: number[] = [];
    const end = feed.subscribe(({ id }) => heard.push(id));
    publish(feed, 2);
    end();
    publish(feed, 2);
    expect(heard).toEqual([1_000_001, 1_000_002]);
    expect(feed.readers).toBe(0);
  });
});
