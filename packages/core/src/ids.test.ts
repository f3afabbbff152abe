import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from './errors.js';
import { isIncarnation, isNodeId, parseInteger, parseNodeId } from './ids.js';

describe('a node id', () => {
  it('has 1 to 64 of the allowed characters', () => {
    for (const id of ['a', 'n-1.zone_2', 'Z'.repeat(64)]) expect(parseNodeId(id)).toBe(id);
    for (const id of ['', 'a b', 'ä', 'a/b', 'a\n', 'Z'.repeat(65), 7, null, undefined]) {
      expect(isNodeId(id)).toBe(false);
      expect(() => parseNodeId(id, 'voter')).toThrow(InvalidArgumentError);
    }
  });

  it('is named in the refusal, with what it may look like', () => {
    expect(() => parseNodeId('a b', 'voter')).toThrow(
      /voter "a b" is not a node id: use 1 to 64 of the characters/,
    );
  });
});

describe('an incarnation', () => {
  it('is 32 lower-case hexadecimal digits', () => {
    expect(isIncarnation('0123456789abcdef0123456789abcdef')).toBe(true);
    for (const value of [
      '',
      'A'.repeat(32),
      'g'.repeat(32),
      'a'.repeat(31),
      'a'.repeat(33),
      `${'a'.repeat(32)}\n`,
    ]) {
      expect(isIncarnation(value)).toBe(false);
    }
  });
});

describe('parseInteger', () => {
  it('accepts the ends of its range and refuses what lies outside or is no safe integer', () => {
    expect(parseInteger(1, 'x', 1, 5)).toBe(1);
    expect(parseInteger(5, 'x', 1, 5)).toBe(5);
    expect(parseInteger(Number.MAX_SAFE_INTEGER, 'x', 0)).toBe(Number.MAX_SAFE_INTEGER);
    for (const value of [0, 6, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '3', undefined]) {
      expect(() => parseInteger(value, 'x', 1, 5)).toThrow(InvalidArgumentError);
    }
  });

  it('names the argument, its value and the range', () => {
    expect(() => parseInteger(0, 'tickMs', 1, 5)).toThrow('tickMs is 0: it must be an integer from 1 to 5');
  });
});
