import { createMembership, logStart } from '@synod/core';
import { createRaftEngine, type RaftMessage, raftMessageCodec } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import {
  drawScript,
  type EngineUnderTest,
  readRecordedInput,
  replayInputs,
  runScript,
  writeRecordedInput,
} from '../src/index.js';
import { raft, registersOnRaft } from './raft-under-test.js';

describe('recordings', () => {
  it('a recorded life, read back from its lines, brings a fresh engine to the same state', () => {
    const lines: string[] = [];
    let recorded: ReturnType<typeof createRaftEngine> | undefined;
    const watched: EngineUnderTest<RaftMessage> = {
      ...raft,
      create: (start, settings) => {
        const engine = raft.create(start, settings);
        if (start.id === 'n1') recorded = engine;
        return engine;
      },
    };
    const script = {
      ...drawScript(4, { ticks: 200, faults: ['loss', 'cut', 'campaign'], nodes: 3 }),
      calm: false,
    };
    runScript(
      script,
      { ...registersOnRaft, engine: watched },
      {
        onInput: (atUs, node, life, input) => {
          if (node === 'n1') lines.push(writeRecordedInput({ atUs, node, life, input }, raftMessageCodec));
        },
      },
    );
    const fresh = createRaftEngine({
      id: 'n1',
      group: 0,
      membership: createMembership(['n1', 'n2', 'n3']),
      recovered: { discarded: logStart, entries: [] },
      seed: '4/n1/1',
      retainedEntries: 100,
    });
    replayInputs(
      fresh,
      lines.map((line) => readRecordedInput(line, raftMessageCodec)),
    );
    expect(lines.length).toBeGreaterThan(500);
    expect(fresh.fingerprint()).toBe(recorded?.fingerprint());
  });

  it('refuses a line that is no recorded input', () => {
    expect(() => readRecordedInput('tick', raftMessageCodec)).toThrow(/JSON/);
    expect(() => readRecordedInput('{"atUs":1}', raftMessageCodec)).toThrow(/recorded input/);
    const odd =
      '{"atUs":1,"node":"n1","life":1,"input":{"type":"receive","from":"n2","to":"n1","bytes":"xy"}}';
    expect(() => readRecordedInput(odd, raftMessageCodec)).toThrow(/hexadecimal/);
  });
});
