import { Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { EndpointRing } from './endpoint-ring.js';

describe('EndpointRing', () => {
  it('forgets an endpoint that left once nothing is in flight to it, so that coming and going costs no memory', () => {
    const ring = new EndpointRing([{ id: 'a' }], { random: new Random(1) });
    const pick = ring.pickLeast(() => 0);
    for (let turn = 0; turn < 100; turn++) ring.replace([{ id: `n${turn}` }]);
    expect(ring.seatCount).toBe(2);
    if (pick.type === 'picked') pick.done('success');
    expect(ring.seatCount).toBe(1);
  });
});
