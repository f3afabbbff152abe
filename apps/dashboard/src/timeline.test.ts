import { describe, expect, it } from 'vitest';
import type { Sentence } from './describe-event.js';
import { type TimelineItem, timelineItemsMax, withEvent } from './timeline.js';

const votes: Sentence = { topic: 'elections', text: 'votes for n2 in term 5', weight: 'plain' };
const follows: Sentence = {
  topic: 'leadership',
  text: 'follows n2 in term 5',
  textOfMany: 'follow n2 in term 5',
  weight: 'plain',
};

describe('the timeline', () => {
  it('shows nodes that tell the same within seconds on one line', () => {
    const items = withEvent(withEvent([], 'n1', 1000, follows), 'n3', 1400, follows);
    expect(items.map(({ nodes }) => nodes)).toEqual([['n1', 'n3']]);
  });

  it('keeps the same news of another time apart', () => {
    expect(withEvent(withEvent([], 'n1', 1000, follows), 'n3', 60_000, follows)).toHaveLength(2);
  });

  it('keeps what each node does itself apart', () => {
    expect(withEvent(withEvent([], 'n1', 1000, votes), 'n3', 1000, votes)).toHaveLength(2);
  });

  it('does not repeat what a stream repeats after a break', () => {
    const items = withEvent(withEvent([], 'n1', 1000, follows), 'n3', 1400, follows);
    expect(withEvent(items, 'n1', 1000, follows)).toBe(items);
    expect(withEvent(items, 'n3', 1400, follows)).toBe(items);
  });

  it('puts a late event where it belongs in time', () => {
    let items: readonly TimelineItem[] = [];
    for (const timeMs of [1000, 3000, 2000])
      items = withEvent(items, 'n1', timeMs, { ...votes, text: `at ${timeMs}` });
    expect(items.map(({ timeMs }) => timeMs)).toEqual([3000, 2000, 1000]);
    expect(new Set(items.map(({ id }) => id)).size).toBe(3);
  });

  it('is bounded: the oldest go', () => {
    let items: readonly TimelineItem[] = [];
    for (let at = 0; at < timelineItemsMax + 50; at += 1)
      items = withEvent(items, 'n1', at, { ...votes, text: `${at}` });
    expect(items).toHaveLength(timelineItemsMax);
    expect(items[0]?.timeMs).toBe(timelineItemsMax + 49);
  });
});
