import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { createMembership, type EngineStart, encodeUtf8, logStart } from '@synod/core';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeRecording, type RecordingEvent } from './node-recording.js';
import { describeEvent, describeLife, replayRecordings } from './recording-reader.js';

const start: EngineStart = {
  id: 'n1',
  group: 0,
  seed: 1,
  membership: createMembership(['n1']),
  recovered: { discarded: logStart, entries: [] },
};

let directory: string;
let events: RecordingEvent[];

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-recording-'));
  events = [];
});

afterEach(async () => {
  await fs.rm(directory, { recursive: true });
});

/** A cluster of one that elects itself and proposes. */
function record(proposals: number, bytesMax = 1_000_000): { readonly file: string } {
  const recording = new NodeRecording('n1', raftMessageCodec, { directory, bytesMax }, (event) =>
    events.push(event),
  );
  const limits = { electionTicks: 10, heartbeatTicks: 2 };
  const engine = recording.watch(createRaftEngine({ ...start, ...limits }), start, limits);
  engine.step({ type: 'campaign' });
  for (let proposal = 1; proposal <= proposals; proposal++) {
    engine.step({ type: 'propose', commands: [{ proposal, data: encodeUtf8(`command ${proposal}`) }] });
    const save = engine.takeEffects()?.save;
    if (save !== undefined) engine.step({ type: 'saved', receipt: save.receipt });
  }
  recording.close('the test is over');
  return recording;
}

describe("a node's recording", () => {
  it('never takes the place of an earlier life, and tells where it is', async () => {
    record(1);
    await fs.writeFile(path.join(directory, 'n10.7.jsonl'), '');
    const { file } = record(1);
    expect(path.basename(file)).toBe('n1.2.jsonl');
    expect(events.map(({ type }) => type)).toEqual([
      'recordingStarted',
      'recordingStopped',
      'recordingStarted',
      'recordingStopped',
    ]);
  });

  it('is run again to the same state, and its events are told by time', async () => {
    record(100);
    const { lives, events: told } = await replayRecordings([directory], () => true);
    expect(lives.map(describeLife)).toEqual([
      expect.stringMatching(/^n1 life 1: 0 entries recovered, 301 steps, the same at 1 of 1 fingerprints/),
    ]);
    const [first] = told;
    expect(first === undefined ? '' : describeEvent(first, first.atUs)).toMatch(/^ +0\.000 s {2}n1\.1 +\w+ /);
    expect(told.some(({ event }) => event.type === 'roleChanged' && event.to === 'leader')).toBe(true);
  });

  it('that was torn in the middle of a line is run again as far as it goes', async () => {
    const { file } = record(100);
    const whole = await fs.readFile(file);
    await fs.writeFile(file, whole.subarray(0, whole.length - 300));
    const { lives, torn } = await replayRecordings([file], () => false);
    expect(torn).toEqual([file]);
    expect(lives[0]).toMatchObject({ end: undefined, difference: undefined });
    expect(lives[0]?.steps).toBeLessThan(301);
    expect(describeLife(lives[0] ?? expect.unreachable())).toContain('its process was killed');
  });

  it('ends at its limit while the engine goes on', async () => {
    const { file } = record(1_000, 5_000);
    expect((await fs.stat(file)).size).toBeLessThanOrEqual(5_000);
    expect(events.at(-1)).toMatchObject({
      type: 'recordingStopped',
      reason: expect.stringContaining('limit'),
    });
    const { lives } = await replayRecordings([file], () => false);
    expect(lives[0]).toMatchObject({ end: { type: 'full' }, difference: undefined });
  });
});
