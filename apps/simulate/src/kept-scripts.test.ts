// Scripts that once broke a rule: what was mended must stay so. A script belongs to the code that it was found with, so
// each mended mistake has a test of its own beside the engine too.
import * as fs from 'node:fs';
import { parseScript, type RunReport, runScript, type Script } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import { paxosSubject } from './paxos-subject.js';
import { raftSubject } from './raft-subject.js';

const engines: Readonly<Record<string, (script: Script) => RunReport>> = {
  raft: (script) => runScript(script, raftSubject()),
  paxos: (script) => runScript(script, paxosSubject()),
};

describe.each(Object.entries(engines))('scripts that once broke a rule of %s', (engine, run) => {
  const folder = new URL(`../kept-scripts/${engine}/`, import.meta.url);

  it.each(fs.readdirSync(folder))('%s', (file) => {
    const script = parseScript(fs.readFileSync(new URL(file, folder), 'utf8'));
    expect(run(script).finding).toBeUndefined();
  });
});
