import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultHandshakeRateLimits, HandshakeRate, TokenBucket } from './handshake-rate.js';

describe('a bucket of tokens', () => {
  it('gives at most its burst and what flowed in since, whatever the times of asking', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: -50, max: 500 }), { maxLength: 300 }),
        (perSecond, burst, pauses) => {
          const bucket = new TokenBucket(perSecond, burst, 0);
          let nowMs = 0;
          let latestMs = 0;
          let given = 0;
          for (const pauseMs of pauses) {
            nowMs += pauseMs;
            latestMs = Math.max(latestMs, nowMs);
            if (bucket.take(nowMs)) given++;
            expect(given).toBeLessThanOrEqual(burst + (latestMs / 1000) * perSecond + 1e-6);
          }
        },
      ),
    );
  });

  it('is full again after a quiet time', () => {
    const bucket = new TokenBucket(10, 5, 0);
    const taken = (nowMs: number) =>
      Array.from({ length: 20 }, () => bucket.take(nowMs)).filter(Boolean).length;
    expect([taken(0), taken(99), taken(100), taken(10_000)]).toEqual([5, 0, 1, 5]);
  });
});

describe('who may knock', () => {
  const limits = {
    handshakesPerSecond: 10,
    handshakeBurst: 20,
    handshakesPerSecondPerAddress: 5,
    handshakeBurstPerAddress: 5,
  };
  const entries = (rate: HandshakeRate, address: string, times: number, nowMs = 0) =>
    Array.from({ length: times }, () => rate.knock(address, nowMs)).filter((refusal) => refusal === undefined)
      .length;

  it('one address takes no more than its own share', () => {
    const rate = new HandshakeRate(limits, 0);
    expect(entries(rate, '10.0.0.1', 100)).toBe(5);
    expect(rate.knock('10.0.0.1', 0)).toBe('RATE_LIMITED_ADDRESS');
    expect(entries(rate, '10.0.0.2', 100)).toBe(5);
    expect(entries(rate, '10.0.0.1', 100, 1000)).toBe(5);
  });

  it('many addresses together take no more than all may, and yet a known peer comes back', () => {
    const rate = new HandshakeRate(limits, 0);
    rate.trust('10.9.9.9');
    let entered = 0;
    for (let address = 0; address < 1000; address++)
      entered += entries(rate, `10.0.${address >> 8}.${address & 255}`, 1);
    expect(entered).toBe(20);
    expect(rate.knock('10.0.77.1', 0)).toBe('RATE_LIMITED');
    expect(rate.knock('10.9.9.9', 0)).toBeUndefined();
  });

  it('an IPv6 host is its /64, and a mapped IPv4 address is itself', () => {
    const rate = new HandshakeRate(limits, 0);
    for (let host = 0; host < 5; host++) expect(rate.knock(`2001:db8:1:2::${host + 1}`, 0)).toBeUndefined();
    expect(rate.knock('2001:db8:1:2:ffff::9', 0)).toBe('RATE_LIMITED_ADDRESS');
    expect(rate.knock('2001:db8:1:3::1', 0)).toBeUndefined();
    expect(entries(rate, '::ffff:10.0.0.1', 3) + entries(rate, '10.0.0.1', 3)).toBe(5);
  });

  it('remembers a bounded number of addresses', () => {
    const rate = new HandshakeRate(defaultHandshakeRateLimits, 0);
    for (let address = 0; address < 20_000; address++) rate.knock(`10.${address >> 8}.${address & 255}.1`, 0);
    expect(rate.addresses).toBe(4096);
  });
});
