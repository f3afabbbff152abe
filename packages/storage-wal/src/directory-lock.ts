/**
 * One process at a time. Node has no flock, so a file `lock` names the holder: made exclusively, removed at the close.
 * After a crash it stays behind; the next process takes it over when the holder is provably gone.
 *
 * Limits: a holder on another host, or in another process namespace under the same host name (two containers sharing
 * one folder), cannot be asked whether it lives. The first is refused; the second would be taken for dead, so a
 * folder must be given to one container only.
 */
import { readFileSync } from 'node:fs';
import { link, open, readFile, realpath, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StorageLockedError } from './errors.js';

const lockName = 'lock';
const takeoverName = 'lock.takeover';
/** What a file system without hard links answers. */
const linkless = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the unit of the platform; empty where that cannot be found out. */
  readonly started: string;
}

/** Folders that this very process holds: its own number says nothing, since a container starts at the same one again. */
const heldHere = new Set<string>();

/**
 * Locks a folder for this process.
 *
 * @param directory - An existing folder.
 * @returns Lets go of it.
 * @throws {@link StorageLockedError} when another process, or another storage of this one, has it.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const folder = await realpath(directory);
  if (heldHere.has(folder)) {
    throw new StorageLockedError(`${directory} is open in this process already: close that storage first`);
  }
  heldHere.add(folder);
  const path = join(folder, lockName);
  try {
    if (!(await create(path))) await takeOver(folder, directory);
  } catch (error) {
    heldHere.delete(folder);
    throw error;
  }
  return async () => {
    if (!heldHere.delete(folder)) return;
    await rm(path, { force: true });
  };
}

/** Replaces a dead holder's file. The second file keeps two processes from doing that at the same time. */
async function takeOver(folder: string, directory: string): Promise<void> {
  const path = join(folder, lockName);
  checkGone(await readHolder(path), directory);
  const takeover = join(folder, takeoverName);
  if (!(await create(takeover))) {
    throw new StorageLockedError(
      `another process is taking over ${directory}: try again; if none is running, remove ${takeover}`,
    );
  }
  try {
    // Another process may have done all this between the first look and here.
    checkGone(await readHolder(path), directory);
    await rm(path, { force: true });
    if (!(await create(path)))
      throw new StorageLockedError(`${directory} was opened by another process just now`);
  } finally {
    await rm(takeover, { force: true });
  }
}

function checkGone(holder: Holder | 'gone' | 'unknown', directory: string): void {
  if (holder === 'gone') return;
  if (holder === 'unknown') {
    throw new StorageLockedError(
      `${directory} is locked, but its file ${lockName} does not say by whom: if no process has it open for certain, remove that file`,
    );
  }
  const { pid, host, started } = holder;
  if (host !== hostname()) {
    throw new StorageLockedError(
      `${directory} is locked by process ${pid} on host ${host}, and this is ${hostname()}: if that process is gone for certain, remove the file ${lockName} in it`,
    );
  }
  if (pid === process.pid || !isAlive(pid)) return;
  const startedNow = startOf(pid);
  if (started !== '' && startedNow !== '' && started !== startedNow) return;
  throw new StorageLockedError(
    `${directory} is open in process ${pid}: stop it first, or use another folder`,
  );
}

/** Makes a file that names this process, whole from its first moment; `false` when there is one. */
async function create(path: string): Promise<boolean> {
  const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const aside = `${path}.${process.pid}`;
  await rm(aside, { force: true });
  await writeSynced(aside, holder);
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!linkless.some((code) => hasCode(error, code))) throw error;
    return await createDirectly(path, holder);
  } finally {
    await rm(aside, { force: true });
  }
}

async function createDirectly(path: string, holder: Holder): Promise<boolean> {
  try {
    await writeSynced(path, holder);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function writeSynced(path: string, holder: Holder): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(`${JSON.stringify(holder)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Who holds a lock: `gone` without a file, `unknown` when the file does not say. */
async function readHolder(path: string): Promise<Holder | 'gone' | 'unknown'> {
  try {
    const holder: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isHolder(holder) ? holder : 'unknown';
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone';
    if (error instanceof SyntaxError) return 'unknown';
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  if (!('pid' in value) || !('host' in value) || !('started' in value)) return false;
  return typeof value.pid === 'number' && typeof value.host === 'string' && typeof value.started === 'string';
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

/** Tells one process from a later one with the same number. Linux: field 22 of its stat, in ticks since the boot. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in field 2 may hold spaces and brackets, so count from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
