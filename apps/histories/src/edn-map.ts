/**
 * Just enough of EDN (github.com/edn-format/edn) for a log of maps: a map of keywords to strings, integers, keywords
 * and nil.
 */
import { DecodeError } from '@synod/core';

/** A value of such a map. A keyword keeps its colon. */
export type EdnValue = string | number | null;

const token = /[\s,]*(?:"((?:[^"\\]|\\.)*)"|([^\s,{}"]+)|([{}]))/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };

/**
 * Reads one map, such as `{:process 3, :f :append, :value "x"}`.
 *
 * @param text - The map and nothing else.
 * @returns Its values by their keywords, without the colon.
 * @throws DecodeError when it is not such a map.
 */
export function parseEdnMap(text: string): ReadonlyMap<string, EdnValue> {
  const tokens = tokensOf(text);
  const [open, close] = [tokens[0], tokens.at(-1)];
  const inside = tokens.slice(1, -1);
  if (open?.mark !== '{' || close?.mark !== '}' || tokens.length < 2 || inside.length % 2 !== 0) {
    throw new DecodeError('it is no map of keywords to values');
  }
  const map = new Map<string, EdnValue>();
  for (let at = 0; at < inside.length; at += 2) {
    const [name, value] = [inside[at], inside[at + 1]];
    if (name?.mark !== 'symbol' || typeof name.value !== 'string' || !name.value.startsWith(':')) {
      throw new DecodeError(`${String(name?.value)} is no keyword`);
    }
    if (value === undefined || value.mark === '{' || value.mark === '}') {
      throw new DecodeError(`the value of ${name.value} is no string, integer, keyword or nil`);
    }
    map.set(name.value.slice(1), value.value);
  }
  return map;
}

interface Token {
  readonly mark: 'string' | 'symbol' | '{' | '}';
  readonly value: EdnValue;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const trimmed = text.trim();
  token.lastIndex = 0;
  while (token.lastIndex < trimmed.length) {
    const at = token.lastIndex;
    const [, string, symbol, brace] = token.exec(trimmed) ?? [];
    if (string !== undefined) tokens.push({ mark: 'string', value: unescaped(string) });
    else if (symbol !== undefined) tokens.push({ mark: 'symbol', value: symbolValue(symbol) });
    else if (brace === '{' || brace === '}') tokens.push({ mark: brace, value: brace });
    else throw new DecodeError(`"${trimmed.slice(at, at + 20)}" is not understood`);
  }
  return tokens;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character);
}

function symbolValue(text: string): EdnValue {
  if (text === 'nil') return null;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
