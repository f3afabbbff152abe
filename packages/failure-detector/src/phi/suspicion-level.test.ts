import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portableExponential } from './portable-exponential.js';
import { type PhiForm, phiOfLogistic, phiOfNormal, suspicionLevel } from './suspicion-level.js';

const forms: readonly PhiForm[] = ['normal', 'logistic', 'exponential'];

describe('the exact normal tail', () => {
  it.each([
    [0, 0.30103],
    [1, 0.799546],
    [2, 1.643016],
    [3, 2.869699],
    [5, 6.542645],
    [6, 9.005865],
    [10, 23.118053],
    [38, 315.539793],
    [-1, 0.075026],
    [-2, 0.009994],
    [-4, 0.0000137546],
  ])('is -log10 of the area beyond %d deviations', (deviations, phi) => {
    expect(phiOfNormal(deviations)).toBeCloseTo(phi, 5);
  });

  it('has no step where the series gives way to the fraction', () => {
    for (const edge of [3, -3]) expect(phiOfNormal(edge + 1e-9) / phiOfNormal(edge - 1e-9)).toBeCloseTo(1, 6);
  });
});

describe("Akka's logistic approximation", () => {
  it.each([
    [500, 0.0026],
    [1000, 0.301],
    [1200, 0.7995],
    [1500, 2.2161],
    [2000, 7.2999],
    [2200, 10.7826],
    [3000, 37.58],
    [5000, 259.05],
  ])('gives, for 1000 ± 200 ms and %d ms of silence, phi %d', (silenceMs, phi) => {
    const level = suspicionLevel('logistic', silenceMs, { meanMs: 1000, deviationMs: 200 });
    expect(level).toBeCloseTo(phi, phi > 20 ? 1 : 3);
  });

  it('goes on where its exponential would be zero, and its phi infinite', () => {
    const level = suspicionLevel('logistic', 6000, { meanMs: 1000, deviationMs: 200 });
    expect(level).toBeCloseTo((25 * (1.5976 + 0.070566 * 625)) / Math.LN10, 6);
  });

  it('crosses threshold 8 at 5.226 deviations, and is above the exact tail out there', () => {
    expect(phiOfLogistic(5.226)).toBeCloseTo(8, 2);
    expect(phiOfNormal(5.226)).toBeLessThan(7.1);
  });

  it('is within 0.00014 of the distribution up to 3.16 deviations', () => {
    for (let y = -3.16; y <= 3.16; y += 0.01)
      expect(Math.abs(10 ** -phiOfLogistic(y) - 10 ** -phiOfNormal(y))).toBeLessThan(0.00015);
  });
});

describe("Cassandra's exponential form", () => {
  it.each([
    [8, 18.42],
    [5, 11.51],
    [12, 27.63],
  ])('reaches phi %d after %d means', (phi, means) => {
    expect(suspicionLevel('exponential', means * 250, { meanMs: 250, deviationMs: 1 })).toBeCloseTo(phi, 2);
  });
});

describe('every form', () => {
  const statistics = fc.record({
    meanMs: fc.double({ min: 1e-3, max: 1e12, noNaN: true }),
    deviationMs: fc.double({ min: 1e-4, max: 1e12, noNaN: true }),
  });
  const silence = fc.double({ min: -1e12, max: 1e13, noNaN: true });

  it.each(forms)('%s: phi is finite, from 0, and never falls while the silence lasts', (form) => {
    fc.assert(
      fc.property(statistics, silence, silence, (known, one, other) => {
        const [shorter, longer] = one < other ? [one, other] : [other, one];
        const early = suspicionLevel(form, shorter, known);
        const late = suspicionLevel(form, longer, known);
        expect(Number.isFinite(early) && Number.isFinite(late)).toBe(true);
        expect(early).toBeGreaterThanOrEqual(0);
        expect(late).toBeGreaterThanOrEqual(early * (1 - 1e-9) - 1e-12);
      }),
      { numRuns: 500 },
    );
  });
});

it("the portable exponential is as good as a verdict needs, and the platform's", () => {
  for (let power = -699; power <= 0; power += 0.37)
    expect(portableExponential(power) / Math.exp(power)).toBeCloseTo(1, 11);
  expect(portableExponential(-1e6)).toBe(0);
});
