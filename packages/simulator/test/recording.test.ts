import { type RecordedLine, RecordingReplay, readRecordedLine } from '@synod/core/recording';
import { createRaftEngine, type RaftMessage, raftMessageCodec } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import { drawScript, readRecordedInput, recordScript, runScript, type Script } from '../src/index.js';
import { registersOnRaft } from './raft-under-test.js';

const drawn = drawScript(4, { ticks: 220, faults: ['loss', 'campaign'], nodes: 3 });
const script: Script = {
  ...drawn,
  calm: false,
  steps: [
    ...drawn.steps,
    { atUs: 4_000_000, fault: { type: 'crash', node: 'n1', downUs: 500_000, whileSaving: false } },
    { atUs: 8_000_000, fault: { type: 'crash', node: 'leader', downUs: 500_000, whileSaving: false } },
  ],
};

function record(): { readonly lines: readonly string[]; readonly traceHash: string } {
  const lines: string[] = [];
  const options = { retainedEntries: 100 };
  const { traceHash } = recordScript(script, registersOnRaft, {
    write: (line) => lines.push(line),
    optionsOf: () => options,
  });
  return { lines, traceHash };
}

function replay(lines: readonly string[]): RecordingReplay<RaftMessage> {
  const replayed = new RecordingReplay({
    codec: raftMessageCodec,
    createEngine: (start, options) => createRaftEngine({ ...options, ...start }),
  });
  for (const line of lines) replayed.line(line);
  return replayed;
}

describe('recordings', () => {
  it('every life of every engine of a storm, read back from its lines, comes out the same', () => {
    const { lines } = record();
    const lives = replay(lines).lives();
    expect(lives.length).toBeGreaterThan(script.nodes);
    for (const { difference, end, checks } of lives) {
      expect(difference).toBeUndefined();
      expect(end).toBeDefined();
      expect(checks).toBeGreaterThan(0);
    }
    expect(lives.reduce((sum, { steps }) => sum + steps, 0)).toBeGreaterThan(500);
  });

  it('recording a run changes nothing about it', () => {
    expect(record().traceHash).toBe(runScript(script, registersOnRaft).traceHash);
  });

  it('a step that is missing from a recording shows', () => {
    const { lines } = record();
    const gone = lines.findIndex((line) => {
      const read: RecordedLine<RaftMessage> = readRecordedLine(line, raftMessageCodec);
      return 'input' in read && read.input.type === 'tick';
    });
    expect(gone).toBeGreaterThan(0);
    const lives = replay(lines.filter((_, at) => at !== gone)).lives();
    expect(lives.filter(({ difference }) => difference !== undefined)).toHaveLength(1);
  });

  it('refuses a line that is no recorded input', () => {
    expect(() => readRecordedInput('tick', raftMessageCodec)).toThrow(/JSON/);
    expect(() => readRecordedInput('{"atUs":1,"node":"n1","life":1}', raftMessageCodec)).toThrow(
      /recorded input/,
    );
    const odd =
      '{"atUs":1,"node":"n1","life":1,"input":{"type":"receive","from":"n2","to":"n1","bytes":"xy"}}';
    expect(() => readRecordedInput(odd, raftMessageCodec)).toThrow(/hexadecimal/);
  });
});
