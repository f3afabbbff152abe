import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { RecordingReplay } from '@synod/core/recording';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { drawScript, runScript } from '@synod/simulator';
import { expect, it } from 'vitest';
import { raftSubject } from './raft-subject.js';
import { recordRun } from './record-run.js';

it('the recording of a storm replays by itself, with the limits that the seed drew', async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-record-'));
  try {
    const file = path.join(folder, 'storm.jsonl');
    const script = { ...drawScript(5, { ticks: 200 }), calm: false };
    const { traceHash } = recordRun(script, raftSubject(), file);
    expect(traceHash).toBe(runScript(script, raftSubject()).traceHash);
    const replay = new RecordingReplay({
      codec: raftMessageCodec,
      createEngine: (start, options) => {
        expect(Object.keys(options)).toContain('electionTicks');
        return createRaftEngine({ ...options, ...start });
      },
    });
    const text = await fs.readFile(file, 'utf8');
    for (const line of text.trimEnd().split('\n')) replay.line(line);
    const lives = replay.lives();
    expect(lives.length).toBeGreaterThanOrEqual(script.nodes);
    expect(lives.map(({ difference }) => difference)).toEqual(lives.map(() => undefined));
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}, 60_000);
