/** What happened and why, newest first, by topic. */
import { useState } from 'preact/hooks';
import { type Topic, topics } from './describe-event.js';
import { formatTimeOfDay } from './formatting.js';
import { ScrollBox } from './scroll-box.js';
import type { TimelineItem } from './timeline.js';

interface EventTimelineProperties {
  readonly items: readonly TimelineItem[];
  /** Whether events come as they happen; otherwise only what looks reveal is known. */
  readonly isStreamed: boolean;
}

/** The panel with the events. */
export function EventTimeline({ items, isStreamed }: EventTimelineProperties) {
  const [hidden, setHidden] = useState<ReadonlySet<Topic>>(new Set());
  const shown = items.filter((item) => !hidden.has(item.sentence.topic));

  function toggle(topic: Topic): void {
    const next = new Set(hidden);
    if (!next.delete(topic)) next.add(topic);
    setHidden(next);
  }

  return (
    <section class="panel" aria-labelledby="events-title">
      <div class="panel-head">
        <h2 id="events-title">Events</h2>
        {!isStreamed && <span class="panel-note">no stream: only what looks reveal</span>}
      </div>
      <fieldset class="filter" aria-label="Topics shown">
        {topics.map(({ topic, label }) => (
          <button key={topic} type="button" aria-pressed={!hidden.has(topic)} onClick={() => toggle(topic)}>
            {label}
          </button>
        ))}
      </fieldset>
      {shown.length === 0 ? (
        <p class="empty">
          {items.length === 0
            ? 'Quiet so far. Kill the leader to see an election.'
            : 'Nothing on these topics.'}
        </p>
      ) : (
        <ScrollBox labelledBy="events-title">
          <ol class="events">
            {shown.map((item) => (
              <EventLine key={item.id} item={item} />
            ))}
          </ol>
        </ScrollBox>
      )}
    </section>
  );
}

function EventLine({ item }: { readonly item: TimelineItem }) {
  return (
    <li class={`event is-${item.sentence.weight} on-${item.sentence.topic}`}>
      <time dateTime={new Date(item.timeMs).toISOString()}>{formatTimeOfDay(item.timeMs)}</time>
      <p>
        <b>{listed(item.nodes)}</b> {item.nodes.length > 1 ? item.sentence.textOfMany : item.sentence.text}
      </p>
    </li>
  );
}

function listed(names: readonly string[]): string {
  const sorted = [...names].sort();
  return sorted.length < 2 ? sorted.join('') : `${sorted.slice(0, -1).join(', ')} and ${sorted.at(-1)}`;
}
