import { describe, expect, it } from 'vitest';
import {
  formatAmount,
  formatCount,
  formatDuration,
  formatLatency,
  formatRate,
  formatTimeOfDay,
  shorten,
} from './formatting.js';

describe('numbers for people', () => {
  it('sets thousands apart', () => {
    expect([0, 999, 1000, 12345, 1234567].map(formatCount)).toEqual([
      '0',
      '999',
      '1,000',
      '12,345',
      '1,234,567',
    ]);
    expect([formatAmount(1, 'entry', 'entries'), formatAmount(2000, 'entry', 'entries')]).toEqual([
      '1 entry',
      '2,000 entries',
    ]);
  });

  it('gives a latency three digits and the unit that fits', () => {
    expect([0.8412, 9.994, 12.345, 99.94, 312.4, 1249].map(formatLatency)).toEqual([
      '0.84 ms',
      '9.99 ms',
      '12.3 ms',
      '99.9 ms',
      '312 ms',
      '1.25 s',
    ]);
  });

  it('never shows four digits where a unit ends', () => {
    expect([9.996, 99.96, 999.6].map(formatLatency)).toEqual(['10.0 ms', '100 ms', '1.00 s']);
  });

  it('gives a duration its two greatest units', () => {
    const second = 1000;
    const hour = 3600 * second;
    expect([0, 42_900, 185 * second, 2 * hour + 7 * 60 * second, 97 * hour, -5].map(formatDuration)).toEqual([
      '0 s',
      '42 s',
      '3 min 5 s',
      '2 h 7 min',
      '4 d 1 h',
      '0 s',
    ]);
  });

  it('shows slow rates with a decimal and fast ones without', () => {
    expect([0, 0.5, 9.94, 9.96, 1234.4].map(formatRate)).toEqual(['0', '0.5', '9.9', '10', '1,234']);
  });

  it('shows the time of day with two digits each', () => {
    expect(formatTimeOfDay(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('03:04:05');
  });

  it('shortens by whole characters', () => {
    expect(shorten('abc', 3)).toBe('abc');
    expect(shorten('abcd', 3)).toBe('ab…');
    expect(shorten('🙂🙂🙂🙂', 3)).toBe('🙂🙂…');
  });
});
