import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { ActiveChecks } from './active-checks.js';

function checksOf(...ids: string[]): ActiveChecks {
  const checks = new ActiveChecks({ random: new Random(1) });
  checks.update(ids, 0);
  return checks;
}

/** Answers so many checks of an endpoint, each as soon as it is due. */
function answer(checks: ActiveChecks, id: string, answers: readonly boolean[]): (string | undefined)[] {
  return answers.map((good) => {
    const nowMs = checks.nextDueMs ?? 0;
    expect(checks.due(nowMs)).toContain(id);
    return checks.answered(id, good, nowMs);
  });
}

describe('active checks', () => {
  it('make an endpoint unhealthy after three bad answers in a row, and healthy after two good ones', () => {
    const checks = checksOf('a');
    expect(answer(checks, 'a', [true, false, false, true, false, false, false])).toEqual([
      ...new Array(6).fill(undefined),
      'unhealthy',
    ]);
    expect(checks.isHealthy('a')).toBe(false);
    expect(answer(checks, 'a', [true, false, true, true])).toEqual([
      undefined,
      undefined,
      undefined,
      'healthy',
    ]);
  });

  it('are due at once, then every five seconds give or take a fifth, and once until they are answered', () => {
    const checks = checksOf('a', 'b');
    expect(checks.due(0)).toEqual(['a', 'b']);
    expect(checks.due(1e9)).toEqual([]);
    expect(checks.nextDueMs).toBeUndefined();
    checks.answered('a', true, 100);
    expect(checks.nextDueMs).toBeGreaterThanOrEqual(4_100);
    expect(checks.nextDueMs).toBeLessThanOrEqual(6_100);
  });

  it('forget endpoints that left, and answers that nobody awaits', () => {
    const checks = checksOf('a');
    checks.due(0);
    checks.update(['b'], 0);
    expect(checks.answered('a', false, 0)).toBeUndefined();
    expect(checks.isHealthy('a')).toBeUndefined();
    for (let time = 0; time < 5; time++) expect(checks.answered('b', false, 0)).toBeUndefined();
    expect(checks.isHealthy('b')).toBe(true);
  });

  it('refuse settings that mean nothing', () => {
    expect(() => new ActiveChecks({ random: new Random(1), intervalMs: 0 })).toThrow('intervalMs is 0');
    expect(() => new ActiveChecks({ random: new Random(1), failuresToFall: 0 })).toThrow(
      'failuresToFall is 0',
    );
  });
});
