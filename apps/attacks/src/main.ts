/** `npm run attack`: attacks on the ports of a live cluster, and a table of what came of them. */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { attacks } from './attacks.js';
import { type Outcome, tryAttack } from './trial.js';
import { Victim } from './victim.js';

interface Flags {
  readonly scale: number;
  readonly only?: string;
  readonly brief?: boolean;
  readonly out?: string;
}

const program = new Command('npm run attack --')
  .description('Attacks the ports of a cluster of three processes while a healthy client writes to it.')
  .option('--scale <part>', 'part of the full number of inputs, above 0 to 1', parseScale, 1)
  .option('--only <text>', 'only attacks whose name contains this')
  .option('--brief', 'leaves out attacks that wait for limits of time')
  .option('--out <file>', 'also writes the table there')
  .addHelpText(
    'after',
    '\nExit code 1: something happened that should not have.\n\nExample:\n  $ npm run attack -- --scale 0.1',
  );

const heading = [
  '| attack | inputs | s | memory grew by, MiB | healthy writes | failed | longest, ms | leader stayed | refused |',
  '| --- | --: | --: | --: | --: | --: | --: | --- | --- |',
];

const outcomes = await main(program.parse().opts<Flags>());
process.exitCode = outcomes.some(({ complaints }) => complaints.length > 0) ? 1 : 0;

async function main({ scale, only = '', brief = false, out }: Flags): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const sealed of [false, true]) {
    const chosen = attacks
      .filter((attack) => attack.sealed === sealed && attack.name.includes(only))
      .filter(({ patient = false }) => !brief || !patient);
    if (chosen.length === 0) continue;
    const victim = await Victim.start(sealed);
    try {
      for (const attack of chosen) {
        const outcome = await tryAttack(attack, victim, scale);
        outcomes.push(outcome);
        for (const complaint of outcome.complaints) process.stderr.write(`${attack.name}: ${complaint}\n`);
        process.stderr.write(`${rowOf(outcome)}\n`);
      }
    } finally {
      await victim.stop();
    }
  }
  const table = `${[...heading, ...outcomes.map(rowOf)].join('\n')}\n`;
  process.stdout.write(table);
  if (out !== undefined) await writeFile(out, `${dated(scale)}\n\n${table}`);
  return outcomes;
}

function rowOf(outcome: Outcome): string {
  const { attack, inputs, seconds, growthMiB, acknowledged, failed, longestMs, undisturbed } = outcome;
  const refused = Object.entries(outcome.refused).map(([reason, count]) => `${count} \`${reason}\``);
  const cells = [
    attack,
    inputs,
    seconds.toFixed(1),
    growthMiB,
    acknowledged,
    failed,
    longestMs,
    undisturbed ? 'yes' : 'no',
  ];
  return `| ${[...cells, refused.join(', ')].join(' | ')} |`;
}

function dated(scale: number): string {
  const day = new Date().toISOString().slice(0, 10);
  return `Made on ${day} by \`npm run attack${scale === 1 ? '' : ` -- --scale ${scale}`}\`, with Node ${process.versions.node} on ${process.platform}.`;
}

function parseScale(text: string): number {
  const scale = Number(text);
  if (scale > 0 && scale <= 1) return scale;
  throw new InvalidArgumentError('give a number above 0, at most 1.');
}
