/** `synod status`: the state of all nodes as a table. */
import type { Command } from 'commander';
import { termWords } from '../engine-choice.js';
import type { ClusterDocument, NodeViewDocument } from '../rest-documents.js';
import { paintFor, say } from '../terminal.js';
import { addEndpointFlags, type EndpointFlags, withClient } from './keys.js';

interface StatusFlags extends EndpointFlags {
  readonly json?: boolean;
}

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addStatusCommand(program: Command): void {
  addEndpointFlags(
    program.command('status').description('show the state of all nodes, as the gateway sees them'),
  )
    .option('--json', 'print the whole answer as JSON')
    .addHelpText('after', '\nExample:\n  $ synod status --endpoint http://127.0.0.1:8700')
    .action(status);
}

async function status(flags: StatusFlags): Promise<void> {
  const cluster = await withClient(flags, (client) => client.cluster());
  if (flags.json === true) say(JSON.stringify(cluster, null, 2));
  else print(cluster);
}

function print({ cluster, leader, term, nodes }: ClusterDocument): void {
  const paint = paintFor(process.stdout);
  say(
    `${paint.bold(cluster ?? 'cluster')}: ${leader === undefined ? paint.red('no leader') : `leader ${leader}`}, ${termWords(nodes.map(({ status }) => status?.engine?.kind).find(Boolean), term)}`,
  );
  const heading = ['node', 'role', 'term', 'commit', 'applied', 'last', 'address', ''];
  const rows = [heading, ...nodes.map(row)];
  const widths = heading.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  for (const [position, cells] of rows.entries()) {
    const line = cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    say(`  ${position === 0 ? paint.dim(line) : line}`);
  }
}

function row({ id, url, reachable, reason, status }: NodeViewDocument): string[] {
  const engine = reachable ? status?.engine : undefined;
  const figures = [engine?.term, engine?.commitIndex, engine?.appliedIndex, engine?.lastIndex].map((figure) =>
    String(figure ?? '-'),
  );
  return [id, engine?.role ?? (reachable ? (status?.state ?? '-') : 'down'), ...figures, url, reason ?? ''];
}
