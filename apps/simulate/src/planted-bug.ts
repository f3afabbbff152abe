/**
 * The shipped source with one mistake in it, made while it is bundled: the code that users run knows nothing of this.
 * A mistake is a piece of text and its replacement; when the text is gone, the bank says so instead of passing.
 */
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Plugin } from 'esbuild';
import type { MakePaxosEngine } from './paxos-subject.js';
import type { MakeRaftEngine, RaftSubject } from './raft-subject.js';
import type { EngineName, StormSubject } from './storm-subject.js';
import type { OpenWal } from './wal-subject.js';

/** One known mistake. */
export interface StormBug {
  /** Short name. */
  readonly name: string;
  /** What it does, and where it happened or is described. */
  readonly about: string;
  /** The engine that it is planted into, or that runs beside it. Default Raft. */
  readonly engine?: EngineName;
  /** Makes what to run the storm on. */
  load(): Promise<StormSubject>;
}

/** A mistake of Raft, or of what is run with it. */
export interface PlantedBug extends StormBug {
  load(): Promise<RaftSubject>;
}

/**
 * A bug by its name.
 *
 * @param name - Its name.
 * @param bank - Where to look.
 * @throws Error naming all bugs when there is none of that name.
 */
export function bugNamed<Bug extends StormBug>(name: string, bank: readonly Bug[]): Bug {
  const bug = bank.find((candidate) => candidate.name === name);
  if (bug !== undefined) return bug;
  throw new Error(`${name} is no bug of the bank: ${bank.map((known) => known.name).join(', ')}`);
}

/** One change of one file. */
export interface SourceChange {
  /** Package and file, such as `raft/election.ts`. */
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly from: string;
  /** Text in its place. */
  readonly to: string;
}

/**
 * Builds the Raft engine with changes and loads it.
 *
 * @param changes - What to change.
 * @throws Error when a text does not stand in its file exactly once: the source has moved on and so must the bank.
 */
export async function loadChangedRaft(changes: readonly SourceChange[]): Promise<MakeRaftEngine> {
  const loaded = await loadChanged('@synod/raft', 'index.ts', changes);
  if (!isRaft(loaded)) throw new Error('the changed engine has no createRaftEngine');
  return loaded.createRaftEngine;
}

/**
 * Builds Multi-Paxos with changes and loads it.
 *
 * @param changes - What to change.
 * @throws Error when a text does not stand in its file exactly once.
 */
export async function loadChangedPaxos(changes: readonly SourceChange[]): Promise<MakePaxosEngine> {
  const loaded = await loadChanged('@synod/paxos', 'index.ts', changes);
  if (!isPaxos(loaded)) throw new Error('the changed engine has no createMultiPaxosEngine');
  return loaded.createMultiPaxosEngine;
}

/**
 * Builds the write-ahead log with changes and loads it.
 *
 * @param changes - What to change.
 * @throws Error when a text does not stand in its file exactly once.
 */
export async function loadChangedWal(changes: readonly SourceChange[]): Promise<OpenWal> {
  const loaded = await loadChanged('@synod/storage-wal', 'portable.ts', changes);
  if (!isWal(loaded)) throw new Error('the changed storage has no openWal');
  return loaded.openWal;
}

/**
 * Builds a package with changes and loads it.
 *
 * @param packageName - Name of the package.
 * @param entry - File of its source to begin with.
 * @param changes - What to change, in it or in packages that it imports.
 * @throws Error when a text does not stand in its file exactly once.
 */
export async function loadChanged(
  packageName: string,
  entry: string,
  changes: readonly SourceChange[],
): Promise<unknown> {
  const packageFile = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const source = path.join(path.dirname(packageFile), 'src', entry);
  const applied = new Set<SourceChange>();
  // Only here: to load it takes longer than a small storm.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'node20',
    conditions: ['@synod/source'],
    logLevel: 'silent',
    plugins: [changing(changes, applied)],
  });
  const missed = changes.find((change) => !applied.has(change));
  if (missed !== undefined) throw new Error(`${missed.file} is no part of the build of ${packageName}`);
  const code = outputFiles[0]?.text ?? '';
  return import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
}

function isRaft(loaded: unknown): loaded is { readonly createRaftEngine: MakeRaftEngine } {
  return typeof loaded === 'object' && loaded !== null && 'createRaftEngine' in loaded;
}

function isPaxos(loaded: unknown): loaded is { readonly createMultiPaxosEngine: MakePaxosEngine } {
  return typeof loaded === 'object' && loaded !== null && 'createMultiPaxosEngine' in loaded;
}

function isWal(loaded: unknown): loaded is { readonly openWal: OpenWal } {
  return typeof loaded === 'object' && loaded !== null && 'openWal' in loaded;
}

function changing(changes: readonly SourceChange[], applied: Set<SourceChange>): Plugin {
  return {
    name: 'planted-bug',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
        let contents = await fs.readFile(file, 'utf8');
        const place = file
          .split(path.sep)
          .join('/')
          .replace(/^.*\/([^/]+)\/src\//, '$1/');
        for (const change of changes) {
          if (change.file !== place) continue;
          if (contents.split(change.from).length !== 2)
            throw new Error(`${change.file} does not hold exactly once: ${change.from}`);
          contents = contents.replace(change.from, () => change.to);
          applied.add(change);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
