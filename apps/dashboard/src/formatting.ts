/** Numbers, times and values as people read them. Every function is pure and the same in every locale. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A whole number with thousands set apart: `12,345`. */
export function formatCount(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A rate: one decimal below ten, none above. */
export function formatRate(perSecond: number): string {
  return perSecond < 9.95 && !Number.isInteger(perSecond)
    ? perSecond.toFixed(1)
    : formatCount(Math.round(perSecond));
}

/** How long a request took: `0.84 ms`, `12.5 ms`, `312 ms`, `1.25 s`. */
export function formatLatency(latencyMs: number): string {
  if (latencyMs < 9.995) return `${latencyMs.toFixed(2)} ms`;
  if (latencyMs < 99.95) return `${latencyMs.toFixed(1)} ms`;
  if (latencyMs < 999.5) return `${Math.round(latencyMs)} ms`;
  return `${(latencyMs / 1000).toFixed(2)} s`;
}

/** How long something has lasted, in its two greatest units: `42 s`, `3 min 5 s`, `2 h 7 min`, `4 d 1 h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < minuteMs) return `${Math.floor(ms / 1000)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ${Math.floor((ms % minuteMs) / 1000)} s`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)} h ${Math.floor((ms % hourMs) / minuteMs)} min`;
  return `${Math.floor(ms / dayMs)} d ${Math.floor((ms % dayMs) / hourMs)} h`;
}

/** Time of day where the reader is: `14:03:27`. */
export function formatTimeOfDay(timeMs: number): string {
  const time = new Date(timeMs);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** A count with its noun: `1 entry`, `3 entries`. */
export function formatAmount(value: number, one: string, many: string): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** The start of a text, with an ellipsis when there is more. */
export function shorten(text: string, charactersMax: number): string {
  const characters = [...text];
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax - 1).join('')}…`;
}
