import { describe, expect, it } from 'vitest';
import { schemes, theoreticalGoodput } from './arq-theory.js';
import { drawGoodput } from './chart.js';
import { measureGoodput } from './goodput.js';
import { proveDelivery, proveRestarts } from './proof.js';

describe('goodput beside theory', () => {
  const points = measureGoodput(10_000, 1);
  const at = (scheme: string) => points.filter((point) => point.scheme === scheme);

  it('selective repeat comes within a tenth of its bound at every rate of loss', () => {
    for (const { measured, theoretical } of at('selectiveRepeat')) {
      expect(measured).toBeGreaterThan(0.9 * theoretical);
      expect(measured).toBeLessThanOrEqual(theoretical * 1.02);
    }
  });

  it('stop-and-wait and go-back-N are where theory has them', () => {
    for (const { measured, theoretical } of at('stopAndWait'))
      expect(Math.abs(measured / theoretical - 1)).toBeLessThan(0.15);
    for (const { measured, theoretical } of at('goBackN'))
      expect(Math.abs(measured / theoretical - 1)).toBeLessThan(0.35);
  });

  it('the graph has a curve for each scheme and a point for each measurement', () => {
    const svg = drawGoodput(points);
    expect(svg.match(/<polyline/g)).toHaveLength(schemes.length);
    expect(svg.match(/<circle/g)).toHaveLength(points.length + schemes.length);
    expect(svg).not.toContain('NaN');
  });

  it('without loss the pipelined schemes fill the link, and stop-and-wait a round trip', () => {
    expect(schemes.map((scheme) => theoreticalGoodput(scheme, 0, 50))).toEqual([1 / 101, 1, 1]);
  });
});

describe('the long runs, shortened', () => {
  it('lose, double and reorder nothing, within a tenth of the bound and of the least repetition', () => {
    for (const { outcome, ofBound, amplification } of proveDelivery(20_000, 3)) {
      expect(outcome).toMatchObject({ delivered: 20_000, wrong: 0 });
      expect(outcome.corrupt).toBeGreaterThan(0);
      expect(outcome.duplicates).toBeGreaterThan(0);
      expect(ofBound).toBeGreaterThan(0.9);
      expect(amplification).toBeLessThan(1.1);
    }
  });

  it('three restarts change nothing of that, and the receiver never holds more than its window', () => {
    const { outcome, amplification } = proveRestarts(50_000, 3);
    expect(outcome).toMatchObject({ delivered: 50_000, wrong: 0, restarts: 3 });
    expect(outcome.heldBlocksMax).toBeLessThanOrEqual(1024);
    expect(amplification).toBeLessThan(1.1);
  });
});
