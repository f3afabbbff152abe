import { DecodeError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkCostBytes, ReceiveWindow, SendCredit } from './stream-credit.js';

/** A writer and a reader with a wire between them, in any order of sending, arriving, reading and granting. */
class Wire {
  readonly credit = new SendCredit();
  readonly window: ReceiveWindow;
  readonly chunks: number[] = [];
  readonly waiting: number[] = [];
  readonly grants: number[] = [];
  sent = 0;
  read = 0;

  constructor(windowBytes: number) {
    this.window = new ReceiveWindow(windowBytes);
    this.credit.grant(windowBytes);
  }

  send(bytes: number): void {
    const chunk = Math.min(bytes, this.credit.chunkBytesMax);
    if (chunk === 0) return;
    this.credit.spend(chunk);
    this.chunks.push(chunk);
    this.sent += chunk;
  }

  arrive(): void {
    const chunk = this.chunks.shift();
    if (chunk === undefined) return;
    this.window.receive(chunk);
    this.waiting.push(chunk);
  }

  take(): void {
    const chunk = this.waiting.shift();
    if (chunk === undefined) return;
    this.read += chunk;
    const grant = this.window.release(chunk);
    if (grant > 0) this.grants.push(grant);
  }

  learn(): void {
    const grant = this.grants.shift();
    if (grant !== undefined) this.credit.grant(grant);
  }

  get heldBytes(): number {
    return [...this.chunks, ...this.waiting].reduce((sum, chunk) => sum + chunk + chunkCostBytes, 0);
  }
}

const windowBytes = fc.integer({ min: 4096, max: 70_000 });
const step = fc.oneof(
  fc.record({ send: fc.integer({ min: 1, max: 40_000 }) }),
  fc.constantFrom('arrive' as const, 'take' as const, 'learn' as const),
);

describe('credit', () => {
  it('never lets more than the window be under way or wait, in any order of events', () => {
    fc.assert(
      fc.property(windowBytes, fc.array(step, { maxLength: 300, size: 'max' }), (bytes, steps) => {
        const wire = new Wire(bytes);
        for (const one of steps) {
          if (typeof one === 'object') wire.send(one.send);
          else wire[one]();
          expect(wire.heldBytes).toBeLessThanOrEqual(bytes);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never runs dry for good: a reader that reads gets all that is sent', () => {
    fc.assert(
      fc.property(
        windowBytes,
        fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 50 }),
        (bytes, writes) => {
          const wire = new Wire(bytes);
          let asked = 0;
          for (const write of writes) {
            asked += write;
            for (let rounds = 0; wire.sent < asked; rounds++) {
              expect(rounds).toBeLessThan(100_000);
              wire.send(asked - wire.sent);
              wire.arrive();
              wire.take();
              wire.learn();
            }
          }
          for (const one of ['arrive', 'take'] as const)
            for (let left = wire.chunks.length + 1; left > 0; left--) wire[one]();
          expect(wire.read).toBe(asked);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is not the word of the peer: what was not granted is refused, and so is credit beyond counting', () => {
    const window = new ReceiveWindow(4096);
    window.receive(4096 - chunkCostBytes);
    expect(() => window.receive(0)).toThrow(DecodeError);
    const credit = new SendCredit();
    credit.grant(Number.MAX_SAFE_INTEGER);
    expect(() => credit.grant(1)).toThrow(DecodeError);
  });

  it('bounds a flood of empty chunks too', () => {
    const window = new ReceiveWindow(4096);
    let taken = 0;
    expect(() => {
      for (;;) {
        window.receive(0);
        taken++;
      }
    }).toThrow(DecodeError);
    expect(taken).toBe(4096 / chunkCostBytes);
  });
});
