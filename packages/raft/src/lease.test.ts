import { describe, expect, it } from 'vitest';
import { Lease } from './lease.js';

describe('a lease', () => {
  it('counts from the sending of the newest round that was answered', () => {
    const lease = new Lease();
    lease.sent(1, 10);
    lease.sent(2, 12);
    lease.sent(3, 14);
    expect(lease.since).toBeUndefined();
    lease.confirmed(2);
    expect(lease.since).toBe(12);
    lease.confirmed(3);
    expect(lease.since).toBe(14);
  });

  it('takes rounds of one tick for one, and an answer to the last of them for no later one', () => {
    const lease = new Lease();
    for (const round of [1, 2, 3]) lease.sent(round, 10);
    lease.sent(4, 11);
    lease.confirmed(3);
    expect(lease.since).toBe(10);
  });

  it('is not moved by an answer to a round from before it', () => {
    const lease = new Lease();
    lease.sent(5, 20);
    lease.confirmed(4);
    expect(lease.since).toBeUndefined();
  });

  it('starts anew when other members govern', () => {
    const lease = new Lease();
    lease.sent(1, 10);
    lease.confirmed(1);
    lease.restart();
    expect(lease.since).toBeUndefined();
    lease.sent(2, 12);
    lease.confirmed(2);
    expect(lease.since).toBe(12);
  });
});
