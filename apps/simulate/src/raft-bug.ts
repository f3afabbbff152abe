/** How a bug of the bank is made from changes of the shipped source, or from a machine of its own. */
import { createRaftEngine } from '@synod/raft';
import type { RegisterMachine } from '@synod/simulator';
import { loadChanged, loadChangedRaft, type PlantedBug, type SourceChange } from './planted-bug.js';
import { type RaftSubject, raftSubject } from './raft-subject.js';

/**
 * A bug of the engine.
 *
 * @param name - Its name.
 * @param about - What it does, and where it happened or is described.
 * @param changes - What to change in the source of Raft, or of packages that it imports.
 */
export function inRaft(name: string, about: string, ...changes: readonly SourceChange[]): PlantedBug {
  return { name, about, load: async () => raftSubject(await loadChangedRaft(changes)) };
}

/**
 * A bug of the state machine.
 *
 * @param name - Its name.
 * @param about - What it does, and where it happened or is described.
 * @param make - Makes the machine that has it.
 */
export function inMachine(name: string, about: string, make: () => RegisterMachine): PlantedBug {
  return { name, about, load: async () => withMachine(make) };
}

/**
 * A bug of the state machine's sessions.
 *
 * @param name - Its name.
 * @param about - What it does, and where it happened or is described.
 * @param change - What to change in the source of the registers.
 */
export function inSessions(name: string, about: string, change: Omit<SourceChange, 'file'>): PlantedBug {
  const load = async () => {
    const changes = [{ file: 'simulator/register-workload.ts', ...change }];
    const loaded = await loadChanged('@synod/simulator', 'register-workload.ts', changes);
    if (!hasMachine(loaded)) throw new Error('the changed registers have no RegisterMachine');
    return withMachine(() => new loaded.RegisterMachine());
  };
  return { name, about, load };
}

function withMachine(make: () => RegisterMachine): RaftSubject {
  const subject = raftSubject(createRaftEngine);
  return { ...subject, workload: { ...subject.workload, createMachine: make } };
}

function hasMachine(loaded: unknown): loaded is { readonly RegisterMachine: typeof RegisterMachine } {
  return typeof loaded === 'object' && loaded !== null && 'RegisterMachine' in loaded;
}
