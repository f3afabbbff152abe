/** What this machine's disk gives at best: how long one small append and fdatasync takes, one after the other. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import * as path from 'node:path';

/** What was measured. */
export interface DiskCeiling {
  readonly syncsPerSecond: number;
  readonly medianMs: number;
}

/** Appends 2 KiB and syncs, again and again, for a while. */
export async function measureDisk(directory: string, durationMs: number): Promise<DiskCeiling> {
  const folder = await mkdtemp(path.join(directory, 'disk-'));
  const file = await open(path.join(folder, 'appended'), 'w');
  const block = Buffer.alloc(2048, 0x78);
  const took: number[] = [];
  const until = performance.now() + durationMs;
  try {
    for (let position = 0; performance.now() < until; position += block.length) {
      const began = performance.now();
      await file.write(block, 0, block.length, position);
      await file.datasync();
      took.push(performance.now() - began);
    }
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
  took.sort((left, right) => left - right);
  const total = took.reduce((sum, each) => sum + each, 0);
  return { syncsPerSecond: (took.length * 1000) / total, medianMs: took[Math.floor(took.length / 2)] ?? 0 };
}
