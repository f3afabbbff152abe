import { describe, expect, it } from 'vitest';
import type { ByteReader, ByteWriter } from '../bytes.js';
import type { ConsensusEngine, Effects, EngineMessage, EngineStart, MessageCodec } from '../engine.js';
import { InvalidArgumentError } from '../errors.js';
import { FingerprintBuilder } from '../fingerprint.js';
import { logStart } from '../ids.js';
import { createMembership } from '../membership.js';
import {
  EngineRecorder,
  type EngineStep,
  type RecordedEnd,
  RecordingReplay,
  readRecordedInput,
  readRecordedLine,
  writeRecordedInput,
} from './index.js';

interface Word extends EngineMessage {
  readonly word: string;
}

const codec: MessageCodec<Word> = {
  encode: ({ word }: Word, writer: ByteWriter) => writer.string(word),
  decode: (reader: ByteReader, from: string, to: string) => ({ from, to, word: reader.string() }),
  withSnapshot: (message) => message,
  offeredSnapshot: () => undefined,
};

const membership = createMembership(['n1', 'n2']);
const start: EngineStart = {
  id: 'n1',
  group: 3,
  membership,
  seed: 'seed',
  recovered: {
    discarded: { index: 4, term: 2 },
    hardState: Uint8Array.of(1, 2, 255),
    snapshot: { index: 5, term: 2, membership },
    entries: [
      { index: 5, term: 2, kind: 'noop', data: new Uint8Array() },
      { index: 6, term: 3, kind: 'command', data: Uint8Array.of(0, 9) },
    ],
  },
};

/** Counts what is stepped into a digest; a message that says "bad" is too much for it. */
function listener(made: EngineStart = start, weight = 1): ConsensusEngine<Word> {
  const heard: string[] = [JSON.stringify(made.recovered.entries.map(({ data }) => [...data]))];
  return {
    kind: 'raft',
    id: made.id,
    group: made.group,
    step: (input) => {
      if (input.type === 'receive' && input.message.word === 'bad') throw new Error('bad word');
      if (input.type === 'receive' && input.message.word === 'odd')
        throw new InvalidArgumentError('odd word');
      heard.push(input.type);
    },
    takeEffects: (): Effects<Word> | undefined => {
      heard.push('taken');
      return undefined;
    },
    status: () => {
      throw new Error('nobody asks');
    },
    clone: () => listener(made, weight),
    fingerprint: () => new FingerprintBuilder().number(weight).text(heard.join()).digest(),
  };
}

const everyStep: readonly EngineStep<Word>[] = [
  { type: 'tick' },
  { type: 'tick', missed: 3 },
  { type: 'receive', message: { from: 'n2', to: 'n1', word: 'hello' } },
  { type: 'propose', commands: [{ proposal: 7, data: Uint8Array.of(0, 128, 255) }] },
  { type: 'read', context: 1, mode: 'lease' },
  { type: 'saved', receipt: { sequence: 2, last: { index: 9, term: 4 } } },
  { type: 'saved', receipt: { sequence: 3, last: undefined } },
  { type: 'applied', through: 9 },
  { type: 'snapshotSaved', meta: { index: 9, term: 4, membership } },
  { type: 'snapshotSent', peer: 'n2', delivered: false },
  {
    type: 'changeMembership',
    proposal: 8,
    change: {
      target: {
        members: [...membership.members, { id: 'n3', ordinal: 9, role: 'learner' }],
        outgoingVoters: ['n1'],
      },
      admitLagging: true,
      ifMembershipIndex: 12,
    },
  },
  { type: 'transferLeadership', to: 'n2' },
  { type: 'forgetLeader' },
  { type: 'requestSnapshot' },
  { type: 'transferLeadership' },
  { type: 'campaign' },
  { type: 'peerUnreachable', peer: 'n2' },
  { type: 'retime', timing: { electionTicks: 20, heartbeatTicks: 4 } },
  { type: 'retime', timing: {} },
  { type: 'takeEffects' },
];

interface Recorded {
  readonly lines: string[];
  readonly ends: RecordedEnd[];
  readonly recorder: EngineRecorder<Word>;
  readonly engine: ConsensusEngine<Word>;
  /** Lets time pass. */
  wait(us: number): void;
}

function record(bytesMax?: number, made: EngineStart = start): Recorded {
  const lines: string[] = [];
  const ends: RecordedEnd[] = [];
  let now = 1_000;
  const recorder = new EngineRecorder<Word>({
    node: made.id,
    life: 1,
    codec,
    nowUs: () => now,
    write: (line) => lines.push(line),
    onEnd: (end) => ends.push(end),
    ...(bytesMax === undefined ? {} : { bytesMax }),
  });
  const engine = recorder.watch(listener(made), made, { retainedEntries: 5, strict: true });
  const wait = (us: number) => {
    now += us;
  };
  return { lines, ends, recorder, engine, wait };
}

function replayed(lines: readonly string[], weight = 1) {
  const made: (readonly [EngineStart, object])[] = [];
  const replay = new RecordingReplay<Word>({
    codec,
    createEngine: (from, options) => {
      made.push([from, options]);
      return listener(from, weight);
    },
  });
  for (const line of lines) replay.line(line);
  return { lives: replay.lives(), made };
}

function drive({ engine }: Recorded, steps: readonly EngineStep<Word>[]): void {
  for (const step of steps) {
    if (step.type === 'takeEffects') engine.takeEffects();
    else engine.step(step);
  }
}

describe('a recorded step', () => {
  it.each(everyStep.map((step) => [step.type, step] as const))(
    'of type %s comes back as it was',
    (_, input) => {
      const recorded = { atUs: 12.5, node: 'n1', life: 2, input };
      expect(readRecordedInput(writeRecordedInput(recorded, codec), codec)).toEqual(recorded);
    },
  );
});

describe('a recording', () => {
  it('makes the engine again as it was made, and stands where it stood', () => {
    const recorded = record();
    drive(recorded, everyStep);
    recorded.recorder.end('enough');
    const { lives, made } = replayed(recorded.lines);
    expect(made).toEqual([[start, { retainedEntries: 5, strict: true }]]);
    expect(lives).toEqual([
      {
        node: 'n1',
        life: 1,
        group: 3,
        entries: 2,
        steps: everyStep.length,
        checks: 1,
        uncheckedSteps: 0,
        end: {
          type: 'closed',
          reason: 'enough',
          steps: everyStep.length,
          fingerprint: recorded.engine.fingerprint(),
        },
        fingerprint: recorded.engine.fingerprint(),
        difference: undefined,
      },
    ]);
  });

  it('of a new group needs no hard state, snapshot or entries', () => {
    const fresh = { ...start, seed: 5, recovered: { discarded: logStart, entries: [] } };
    const { made } = replayed(record(undefined, fresh).lines);
    expect(made[0]?.[0]).toEqual(fresh);
  });

  it('of a process that was killed is checked as far as its fingerprints go', () => {
    const recorded = record();
    for (let second = 0; second < 3; second++) {
      recorded.wait(1_000_000);
      drive(recorded, everyStep);
    }
    const [life] = replayed(recorded.lines).lives;
    expect(life).toMatchObject({
      checks: 2,
      steps: 3 * everyStep.length,
      uncheckedSteps: everyStep.length,
      end: undefined,
    });
    expect(life?.difference).toBeUndefined();
  });

  it('an engine that came out differently shows', () => {
    const recorded = record();
    drive(recorded, everyStep);
    recorded.recorder.end('enough');
    expect(replayed(recorded.lines, 2).lives[0]?.difference).toMatch(/after 20 steps the fingerprint is/);
    const without = recorded.lines.filter((line) => !line.includes('"campaign"'));
    expect(replayed(without).lives[0]?.difference).toMatch(/counts 20 steps where it holds 19/);
  });

  it('an engine that threw throws again', () => {
    const recorded = record();
    const bad = { type: 'receive', message: { from: 'n2', to: 'n1', word: 'bad' } } as const;
    expect(() => drive(recorded, [{ type: 'tick' }, bad])).toThrow('bad word');
    expect(recorded.ends).toEqual([{ type: 'failed', reason: 'bad word', steps: 2 }]);
    expect(replayed(recorded.lines).lives[0]).toMatchObject({ steps: 2, difference: undefined });
    const mended = recorded.lines.map((line) => line.replace('03626164', '03626164'.replace('62', '63')));
    expect(replayed(mended).lives[0]?.difference).toBe('then the engine threw: bad word');
  });

  it('an argument that the engine does not take ends neither recording nor replay', () => {
    const recorded = record();
    const odd = { type: 'receive', message: { from: 'n2', to: 'n1', word: 'odd' } } as const;
    expect(() => drive(recorded, [odd])).toThrow(InvalidArgumentError);
    drive(recorded, [{ type: 'tick' }]);
    recorded.recorder.end('enough');
    expect(recorded.ends).toMatchObject([{ type: 'closed', steps: 2 }]);
    expect(replayed(recorded.lines).lives[0]).toMatchObject({ steps: 2, difference: undefined });
  });

  it('stops at its limit, says so, and holds everything until there', () => {
    const recorded = record(5_000);
    for (let round = 0; round < 50; round++) drive(recorded, everyStep);
    expect(recorded.ends).toMatchObject([{ type: 'full' }]);
    expect(recorded.recorder.bytes).toBeLessThanOrEqual(5_000);
    expect(recorded.recorder.bytes).toBe(recorded.lines.join('\n').length + 1);
    const [life] = replayed(recorded.lines).lives;
    expect(life?.difference).toBeUndefined();
    expect(life?.steps).toBe(recorded.ends[0]?.steps);
    expect(life?.steps).toBeGreaterThan(everyStep.length);
  });
});

describe('lines that nobody vouches for', () => {
  it.each([
    ['nonsense', /no JSON/],
    ['[]', /no JSON object/],
    ['{"atUs":-1,"node":"n1","life":1}', /atUs/],
    ['{"atUs":1,"node":"?","life":1}', /node/],
    ['{"atUs":1,"node":"n1","life":1}', /recorded input/],
    ['{"atUs":1,"node":"n1","life":1,"input":{"type":"toString"}}', /no kind of step/],
    [
      '{"atUs":1,"node":"n1","life":1,"input":{"type":"tick","twice":true}}',
      /twice, which this version does not know/,
    ],
    ['{"atUs":1,"node":"n1","life":1,"input":{"type":"applied","through":"9"}}', /integer/],
    [
      '{"atUs":1,"node":"n1","life":1,"input":{"type":"propose","commands":[{"proposal":1,"data":"0"}]}}',
      /hexadecimal/,
    ],
    ['{"atUs":1,"node":"n1","life":1,"start":{"format":2}}', /format 2/],
    ['{"atUs":1,"node":"n1","life":1,"end":{"type":"bored","steps":1,"reason":""}}', /bored/],
  ])('are refused: %s', (line, reason) => {
    expect(() => readRecordedLine(line, codec)).toThrow(reason);
  });

  it('in an impossible order are refused', () => {
    const { lines, recorder, engine } = record();
    engine.step({ type: 'tick' });
    recorder.end('enough');
    const [first = '', second = '', ...others] = lines;
    const last = lines.at(-1) ?? '';
    expect(() => replayed(lines.slice(1))).toThrow(/how life 1 of n1 started/);
    expect(() => replayed([first, first])).toThrow(/starts twice/);
    expect(() => replayed([...lines, last])).toThrow(/ends twice/);
    expect(() => replayed([first, second, second, second])).toThrow(/one more/);
    expect(() => replayed([first, ...others.slice(1)])).toThrow(/only 0 are there/);
  });
});
