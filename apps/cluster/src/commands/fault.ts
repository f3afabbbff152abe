/** `synod fault`: break a node on purpose, and mend it. */
import { type Command, InvalidArgumentError } from 'commander';
import { say } from '../terminal.js';
import { addEndpointFlags, type EndpointFlags, withClient } from './keys.js';

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addFaultCommand(program: Command): void {
  addEndpointFlags(
    program
      .command('fault')
      .description('kill or restart a node of a cluster that was started with --allow-faults')
      .argument('<action>', 'kill or restart', parseAction)
      .argument('<node>', 'name of the node, such as n1'),
  )
    .addHelpText('after', '\nExample:\n  $ synod fault kill n1\n  $ synod fault restart n1')
    .action(fault);
}

type Action = 'kill' | 'restart';

async function fault(action: Action, node: string, flags: EndpointFlags): Promise<void> {
  await withClient(flags, (client) => client.fault(action, node));
  say(action === 'kill' ? `killed ${node}` : `restarted ${node}`);
}

function parseAction(text: string): Action {
  if (text === 'kill' || text === 'restart') return text;
  throw new InvalidArgumentError('give kill or restart.');
}
