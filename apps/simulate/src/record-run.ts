/** A run that leaves a recording of every engine in it, for `synod replay`. */
import * as fs from 'node:fs';
import { type RunReport, recordScript, type Script } from '@synod/simulator';
import type { StormSubject } from './storm-subject.js';

const chunkLines = 1_000;

/**
 * Runs a script and writes its recording.
 *
 * @param script - What happens.
 * @param subject - What it happens to.
 * @param file - Where the recording goes; what stood there is replaced.
 */
export function recordRun(script: Script, subject: StormSubject, file: string): RunReport {
  const descriptor = fs.openSync(file, 'w');
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) fs.writeFileSync(descriptor, `${lines.join('\n')}\n`);
    lines = [];
  };
  try {
    return recordScript(script, subject, {
      optionsOf: (settings, clocks) => subject.recordedLimits(settings, clocks),
      write: (line) => {
        if (lines.push(line) >= chunkLines) flush();
      },
    });
  } finally {
    flush();
    fs.closeSync(descriptor);
  }
}
