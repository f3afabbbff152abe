/**
 * Carries out a planned repair. Every byte that a step takes away is kept under `set-aside/` first, durably, except
 * files that nothing needs; so a repair that turns out to be a mistake can be undone by hand.
 */
import { type FileHandle, type FileSystem, InvalidArgumentError } from '@synod/core';
import { encodeIdentity, identityPath } from '../identity-file.js';
import { directoryOf, replaceFile, rootDirectory } from '../replace-file.js';
import { retire } from '../retired-mark.js';
import { inspectWal } from './inspect-wal.js';
import type { WalInspection } from './inspection.js';
import { namesIn } from './names-in.js';
import { planWalRepair, type RepairOptions, type RepairPlan, type RepairStep } from './repair-plan.js';

/** Folder of what a repair took away. */
const asideDirectory = 'set-aside';

/** Bytes copied at a time. */
const copyBytes = 1 << 20;

/** What a repair did. */
export interface RepairReport {
  /** What was planned, and done. */
  readonly plan: RepairPlan;
  /** Files that hold what was taken away. */
  readonly kept: readonly string[];
  /** The storage as it is now. */
  readonly after: WalInspection;
}

/**
 * Repairs a storage: cuts a torn tail and removes what nothing needs. With `discardAcknowledged` it also cuts the log
 * where acknowledged data is damaged, and retires the storage.
 *
 * @remarks Look at {@link planWalRepair} first: it says what would be done and lost. A repair that is interrupted can
 * be run again.
 * @param fileSystem - Where the storage is; nobody may have it open.
 * @param options - What the repair may do.
 * @returns What was done, where the bytes are that were taken away, and the storage as it is now.
 * @throws InvalidArgumentError when the options do not allow what would be needed; nothing was changed then.
 */
export async function repairWal(fileSystem: FileSystem, options: RepairOptions = {}): Promise<RepairReport> {
  const plan = await planWalRepair(fileSystem, options);
  const [first] = plan.unrepaired;
  if (first !== undefined) {
    throw new InvalidArgumentError(
      `${first.file} at offset ${first.offset} cannot be repaired without giving up acknowledged data` +
        `${options.discardAcknowledged === true ? ', and not even so' : ''}: ${first.advice}`,
    );
  }
  const kept: string[] = [];
  for (const step of plan.steps) kept.push(...(await carryOut(fileSystem, step)));
  return { plan, kept, after: await inspectWal(fileSystem) };
}

async function carryOut(fileSystem: FileSystem, step: RepairStep): Promise<readonly string[]> {
  switch (step.type) {
    case 'cut':
      return [await cut(fileSystem, step.file, step.offset)];
    case 'setAside':
      return [await setAside(fileSystem, step.file)];
    case 'remove':
      await fileSystem.remove(step.file);
      await fileSystem.syncDirectory(directoryOf(step.file));
      return [];
    case 'rebuildIdentity': {
      const identity = { own: step.own, admitted: false, peers: new Map<string, string>() };
      await replaceFile(fileSystem, identityPath, encodeIdentity(identity));
      return [];
    }
    case 'retire':
      await retire(fileSystem, step.why);
      return [];
  }
}

async function cut(fileSystem: FileSystem, file: string, offset: number): Promise<string> {
  const source = await fileSystem.open(file, 'existing');
  try {
    const aside = await copyAside(fileSystem, source, offset, `${plainName(file)}.from-${offset}`);
    await source.truncate(offset);
    await source.dataSync();
    return aside;
  } finally {
    await source.close();
  }
}

async function setAside(fileSystem: FileSystem, file: string): Promise<string> {
  const source = await fileSystem.open(file, 'existing');
  let aside: string;
  try {
    aside = await copyAside(fileSystem, source, 0, plainName(file));
  } finally {
    await source.close();
  }
  await fileSystem.remove(file);
  await fileSystem.syncDirectory(directoryOf(file));
  return aside;
}

/** Copies a file from an offset on, durably. A copy that a crash left unfinished stays under its own number. */
async function copyAside(
  fileSystem: FileSystem,
  source: FileHandle,
  offset: number,
  wanted: string,
): Promise<string> {
  const aside = await freeName(fileSystem, wanted);
  const target = await fileSystem.open(aside, 'create');
  try {
    const bytes = await source.size();
    for (let from = offset; from < bytes; from += copyBytes)
      await target.write([await source.read(from, Math.min(copyBytes, bytes - from))], from - offset);
    await target.dataSync();
  } finally {
    await target.close();
  }
  await fileSystem.syncDirectory(asideDirectory);
  await fileSystem.syncDirectory(rootDirectory);
  return aside;
}

function plainName(file: string): string {
  return file.replaceAll('/', '-');
}

async function freeName(fileSystem: FileSystem, wanted: string): Promise<string> {
  await fileSystem.makeDirectory(asideDirectory);
  const taken = await namesIn(fileSystem, asideDirectory);
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) name = `${wanted}.${number}`;
  return `${asideDirectory}/${name}`;
}
