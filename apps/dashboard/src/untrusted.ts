/**
 * Reading JSON that nobody vouches for. Whatever is missing, of another type or out of range reads as `undefined`, and
 * text and lists are cut at a bound: the page may show less, but it never breaks.
 */

/** A JSON object of unknown content. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object with names, or `undefined`. */
export function record(value: unknown): JsonRecord | undefined {
  return isRecord(value) ? value : undefined;
}

/** Parses JSON; `undefined` when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A text that is not empty. */
export function text(from: JsonRecord, name: string, charactersMax = 500): string | undefined {
  const value = from[name];
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length <= charactersMax ? value : `${value.slice(0, charactersMax - 1)}…`;
}

/** The texts of a list; everything else in it is left out. */
export function texts(
  from: JsonRecord,
  name: string,
  lengthMax: number,
  charactersMax: number,
): readonly string[] {
  const value = from[name];
  if (!Array.isArray(value)) return [];
  return value.slice(0, lengthMax).filter((each) => typeof each === 'string' && each.length <= charactersMax);
}

/** A whole number that is not negative. */
export function count(from: JsonRecord, name: string): number | undefined {
  const value = from[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A point in time, or a length of time, in milliseconds; may have a fraction. */
export function milliseconds(from: JsonRecord, name: string): number | undefined {
  const value = from[name];
  return typeof value === 'number' && value >= 0 && value < 1e15 ? value : undefined;
}

/** A truth value. */
export function flag(from: JsonRecord, name: string): boolean | undefined {
  const value = from[name];
  return typeof value === 'boolean' ? value : undefined;
}

/** The objects of a list; everything else in it is left out. */
export function records(from: JsonRecord, name: string, lengthMax: number): readonly JsonRecord[] {
  const value = from[name];
  return Array.isArray(value) ? value.slice(0, lengthMax).filter(isRecord) : [];
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
