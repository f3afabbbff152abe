/** The newest events, newest first, bounded. Nodes that tell the same within a few seconds share one line. */
import type { Sentence } from './describe-event.js';

/** One line of the timeline. */
export interface TimelineItem {
  /** Unlike any other line's number; grows with time of arrival. */
  readonly id: number;
  readonly timeMs: number;
  /** Who tells it, in the order of telling. */
  readonly nodes: readonly string[];
  readonly sentence: Sentence;
}

/** The timeline keeps at most this many lines. */
export const timelineItemsMax = 200;

const sharingMs = 5000;
const sharingItems = 20;

/**
 * Adds an event. One that is already there (a stream repeats its newest events after it was cut) changes nothing.
 *
 * @param items - The timeline so far; not changed.
 */
export function withEvent(
  items: readonly TimelineItem[],
  node: string,
  timeMs: number,
  sentence: Sentence,
): readonly TimelineItem[] {
  if (items.some((item) => item.timeMs === timeMs && tells(item, sentence) && item.nodes.includes(node)))
    return items;
  const sharedWith =
    sentence.textOfMany === undefined ? undefined : items.slice(0, sharingItems).find(isShared);
  if (sharedWith !== undefined) {
    if (sharedWith.nodes.includes(node)) return items;
    return items.map((item) => (item === sharedWith ? { ...item, nodes: [...item.nodes, node] } : item));
  }
  const id = items.reduce((greatest, item) => Math.max(greatest, item.id), 0) + 1;
  const later = items.findIndex((item) => item.timeMs <= timeMs);
  const at = later === -1 ? items.length : later;
  return [...items.slice(0, at), { id, timeMs, nodes: [node], sentence }, ...items.slice(at)].slice(
    0,
    timelineItemsMax,
  );

  function isShared(item: TimelineItem): boolean {
    return tells(item, sentence) && Math.abs(item.timeMs - timeMs) <= sharingMs;
  }
}

function tells(item: TimelineItem, sentence: Sentence): boolean {
  return item.sentence.text === sentence.text && item.sentence.topic === sentence.topic;
}
