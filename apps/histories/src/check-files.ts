/** Checks files of recordings one after the other, and says of each what was found. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { performance } from 'node:perf_hooks';
import { isSynodError } from '@synod/core';
import { checkRecording, type Finding } from './recording.js';

/** What to do with each file. */
export interface FileOptions {
  /** Most operations to try for a file. */
  readonly stepsMax?: number;
  /** Longest time for a file, in seconds. */
  readonly seconds: number;
  /** Folder for pictures of the files that are not linearizable; none without it. */
  readonly pictures?: string;
  /** Takes the lines for people and programs. */
  readonly print: (line: string) => void;
  /** Takes what is to be known besides. */
  readonly warn: (line: string) => void;
}

interface HistoryFile {
  readonly name: string;
  readonly file: string;
}

const extensions = new Set(['.log', '.txt', '.edn']);

/**
 * Checks a file, or all files of a folder and its subfolders that end in `.log`, `.txt` or `.edn`. Prints a line a file,
 * `NAME: linearizable`, `not linearizable` or `unknown`, and a last line with the time that it took.
 *
 * @param place - A file or folder.
 * @param options - Limits, and where to print.
 * @returns Whether there was anything to check, and all of it could be read.
 */
export async function checkFiles(place: string, options: FileOptions): Promise<boolean> {
  const files = await historyFiles(place);
  if (files.length === 0) options.warn(`${place} has no file that ends in ${[...extensions].join(', ')}`);
  if (options.pictures !== undefined) await fs.mkdir(options.pictures, { recursive: true });
  let allRead = files.length > 0;
  const started = performance.now();
  for (const file of files) {
    const finding = await checkFile(file, options);
    options.print(`${file.name}: ${finding?.verdict ?? 'unknown'}`);
    if (finding === undefined) allRead = false;
    else if (finding.operations === 0) options.warn(`${file.name} has no operations`);
    if (finding?.verdict === 'not linearizable') await draw(file, finding, options);
  }
  const seconds = (performance.now() - started) / 1000;
  options.print(`${files.length} ${files.length === 1 ? 'history' : 'histories'} in ${seconds.toFixed(3)} s`);
  return allRead;
}

async function checkFile({ name, file }: HistoryFile, options: FileOptions): Promise<Finding | undefined> {
  const { stepsMax, seconds } = options;
  try {
    const text = await fs.readFile(file, 'utf8');
    const timeLimit = { now: () => performance.now(), endsAt: performance.now() + seconds * 1000 };
    return checkRecording(text, stepsMax === undefined ? { timeLimit } : { timeLimit, stepsMax });
  } catch (error) {
    if (!isSynodError(error) && !isFileError(error)) throw error;
    options.warn(`${name} cannot be read as a history: ${error.message}`);
    return undefined;
  }
}

async function draw({ name }: HistoryFile, finding: Finding, { pictures }: FileOptions): Promise<void> {
  if (pictures === undefined) return;
  await fs.writeFile(path.join(pictures, `${name.replaceAll(/[/\\]/g, '-')}.html`), finding.draw());
}

async function historyFiles(place: string): Promise<HistoryFile[]> {
  if (!(await fs.stat(place)).isDirectory()) return [{ name: path.basename(place), file: place }];
  const entries = await fs.readdir(place, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && extensions.has(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ name: path.relative(place, file), file }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
