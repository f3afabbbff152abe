/** `synod replay`: what happened in a recording, again. */
import type { Command } from 'commander';
import { isNoteworthy } from '../noteworthy-events.js';
import { describeEvent, describeLife, replayRecordings } from '../recording-reader.js';
import { failure, paintFor, say } from '../terminal.js';

interface ReplayFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
}

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description('run recordings again, tell what happened, and compare with what the engines were then')
    .argument('<path...>', 'recordings, or directories of them')
    .option('--all', 'every event: without it, those of every batch or heartbeat are left out')
    .option('--quiet', 'no events, just how each engine came out')
    .addHelpText(
      'after',
      `
Example:
  $ synod up --record ./recordings
  $ synod replay ./recordings

Recordings of the simulator are replayed likewise. Exit code 1: an engine came out differently.`,
    )
    .action(replay);
}

async function replay(paths: readonly string[], flags: ReplayFlags): Promise<void> {
  const { lives, events, torn } = await replayRecordings(
    paths,
    ({ type }) => flags.quiet !== true && (flags.all === true || isNoteworthy(type)),
  );
  const beginUs = events[0]?.atUs ?? 0;
  for (const event of events) say(describeEvent(event, beginUs));
  if (events.length > 0) say();
  const paint = paintFor(process.stdout);
  for (const life of lives)
    say(life.difference === undefined ? describeLife(life) : paint.red(describeLife(life)));
  for (const file of torn) say(paint.dim(`${file} ends in the middle of a line, which is left out`));
  const differing = lives.filter(({ difference }) => difference !== undefined);
  if (lives.length === 0)
    throw failure('NO_RECORDING', 'there is no recording there: name files that end in .jsonl');
  if (differing.length > 0)
    throw failure('REPLAY_DIFFERS', `${differing.length} of ${lives.length} lives came out differently`);
}
