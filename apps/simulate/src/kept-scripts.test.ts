// Scripts that once broke a rule: what was mended must stay so. A script belongs to the code that it was found with, so
// each mended mistake has a test of its own beside the engine too.
import * as fs from 'node:fs';
import { parseScript, runScript } from '@synod/simulator';
import { describe, expect, it } from 'vitest';
import { raftSubject } from './raft-subject.js';

const folder = new URL('../kept-scripts/', import.meta.url);

describe('scripts that once broke a rule', () => {
  it.each(fs.readdirSync(folder))('%s', (file) => {
    const script = parseScript(fs.readFileSync(new URL(file, folder), 'utf8'));
    expect(runScript(script, raftSubject()).finding).toBeUndefined();
  });
});
