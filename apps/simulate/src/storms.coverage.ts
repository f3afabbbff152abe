/** Storms for `npm run storm-coverage`, which counts the branches of the engine that they reach. */
import { drawScript, runScript } from '@synod/simulator';
import { expect, it } from 'vitest';
import { raftSubject } from './raft-subject.js';

const { SYNOD_STORM_SEEDS = '10', SYNOD_STORM_TICKS = '500' } = process.env;

it('storms', () => {
  const subject = raftSubject();
  const ticks = Number(SYNOD_STORM_TICKS);
  for (let seed = 1; seed <= Number(SYNOD_STORM_SEEDS); seed++)
    expect(runScript(drawScript(seed, { ticks }), subject).finding).toBeUndefined();
});
