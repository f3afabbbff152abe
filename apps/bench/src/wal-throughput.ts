/**
 * The log alone beside the disk alone: writers that each wait for their record to be durable before they make the next,
 * against a bare loop of write and fdatasync of the same length, in turns within one run. One bare loop appends, as a log
 * without zeros ahead does; the other overwrites, which is the best that this disk can do.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import * as path from 'node:path';
import type { Entry } from '@synod/core';
import { openWalDirectory, type WalSettings } from '@synod/storage-wal';
import { median, quantile } from './quantile.js';

/** Length of a record. */
const recordBytes = 2048;
/** Rounds in which every case is measured, in turn. */
const rounds = 8;

/** What one case gave: medians of the rounds. */
export interface WalThroughput {
  readonly what: string;
  readonly writers: number;
  readonly recordsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly recordsPerSync: number;
  /** Its median time as a multiple of that of the bare appending loop, in the same round. */
  readonly timeOfBare: number;
  /** Its throughput as a multiple of that of the bare appending loop, in the same round. */
  readonly throughputOfBare: number;
}

interface Round {
  readonly recordsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly recordsPerSync: number;
}

interface Case {
  readonly what: string;
  readonly writers: number;
  readonly measure: (directory: string, durationMs: number) => Promise<Round>;
}

/**
 * Measures the log.
 *
 * @param directory - Where, on the disk that counts.
 * @param writerCounts - Writers at the same time, each to a group of its own.
 * @param durationMs - How long each case runs, all rounds together.
 */
export async function measureWal(
  directory: string,
  writerCounts: readonly number[],
  durationMs: number,
): Promise<readonly WalThroughput[]> {
  const cases = casesFor(writerCounts);
  const results = cases.map((): Round[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, { measure }] of cases.entries()) {
      const folder = await mkdtemp(path.join(directory, 'wal-'));
      results[at]?.push(await measure(folder, durationMs / rounds));
      await rm(folder, { recursive: true });
    }
  }
  const bare = results[0] ?? [];
  return cases.map(({ what, writers }, at) => summary(what, writers, results[at] ?? [], bare));
}

function casesFor(writerCounts: readonly number[]): readonly Case[] {
  const ofLog = (what: string, settings: WalSettings) =>
    writerCounts.map(
      (writers): Case => ({
        what,
        writers,
        measure: (folder, durationMs) => measureLog(folder, writers, durationMs, settings),
      }),
    );
  return [
    {
      what: 'bare, appending',
      writers: 1,
      measure: (folder, durationMs) => measureBare(folder, durationMs, false),
    },
    {
      what: 'bare, overwriting',
      writers: 1,
      measure: (folder, durationMs) => measureBare(folder, durationMs, true),
    },
    ...ofLog('the log', {}),
    ...ofLog('the log, no zeros ahead', { preallocateBytes: 0 }),
  ];
}

async function measureBare(folder: string, durationMs: number, overwrites: boolean): Promise<Round> {
  const file = await open(path.join(folder, 'bare'), 'w');
  const block = Buffer.alloc(recordBytes, 0x78);
  if (overwrites) {
    await file.write(Buffer.alloc(1 << 24), 0);
    await file.datasync();
  }
  const took: number[] = [];
  const began = performance.now();
  for (let position = 0; performance.now() < began + durationMs; position += block.length) {
    const start = performance.now();
    await file.write(block, 0, block.length, overwrites ? position % (1 << 24) : position);
    await file.datasync();
    took.push(performance.now() - start);
  }
  const elapsedMs = performance.now() - began;
  await file.close();
  return roundOf(took, elapsedMs, took.length);
}

async function measureLog(
  folder: string,
  writers: number,
  durationMs: number,
  settings: WalSettings,
): Promise<Round> {
  const storage = await openWalDirectory(folder, settings);
  const data = new Uint8Array(recordBytes).fill(0x78);
  const took: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, group) => {
      for (let index = 1; performance.now() < began + durationMs; index++) {
        const start = performance.now();
        const entry: Entry = { index, term: 1, kind: 'command', data };
        await storage.group(group).save({ receipt: { sequence: index, last: entry }, entries: [entry] });
        took.push(performance.now() - start);
      }
    }),
  );
  const elapsedMs = performance.now() - began;
  const { syncs } = storage.stats();
  await storage.close();
  return roundOf(took, elapsedMs, syncs);
}

function roundOf(took: number[], elapsedMs: number, syncs: number): Round {
  took.sort((left, right) => left - right);
  return {
    recordsPerSecond: (took.length * 1000) / elapsedMs,
    medianMs: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    recordsPerSync: took.length / syncs,
  };
}

function summary(
  what: string,
  writers: number,
  results: readonly Round[],
  bare: readonly Round[],
): WalThroughput {
  const middle = (pick: (round: Round, at: number) => number) => median(results.map(pick));
  return {
    what,
    writers,
    recordsPerSecond: middle((round) => round.recordsPerSecond),
    medianMs: middle((round) => round.medianMs),
    p99Ms: middle((round) => round.p99Ms),
    recordsPerSync: middle((round) => round.recordsPerSync),
    timeOfBare: middle((round, at) => round.medianMs / (bare[at]?.medianMs ?? Number.NaN)),
    throughputOfBare: middle(
      (round, at) => round.recordsPerSecond / (bare[at]?.recordsPerSecond ?? Number.NaN),
    ),
  };
}
