/** Options of time, snapshots and recordings, which several commands share. */
import { type Command, Option } from 'commander';
import { recordBytesMaxDefault, snapshotDefaults, timingDefaults } from '../node-options.js';

/**
 * Adds the options.
 *
 * @param command - Where to.
 * @returns The same command.
 */
export function addEngineFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--engine <name>', 'consensus engine: raft or paxos').env('SYNOD_ENGINE').default('raft'),
    )
    .option('--tick-ms <ms>', "unit of the engine's time", String(timingDefaults.tickMs))
    .option(
      '--election-ticks <n>',
      'least election timeout; each is n to 2n ticks',
      String(timingDefaults.electionTicks),
    )
    .option(
      '--heartbeat-ticks <n>',
      "time between a leader's heartbeats",
      String(timingDefaults.heartbeatTicks),
    )
    .option(
      '--snapshot-entries <n>',
      'entries applied between snapshots',
      String(snapshotDefaults.snapshotEntries),
    )
    .option(
      '--retained-entries <n>',
      'entries kept behind a snapshot',
      String(snapshotDefaults.retainedEntries),
    )
    .option('--record <dir>', 'write everything that the engine is told to a file there, for synod replay')
    .option('--record-bytes-max <n>', 'where a recording ends', String(recordBytesMaxDefault));
}
