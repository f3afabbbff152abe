/** `synod gateway`: a gateway before nodes that run elsewhere. */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { parseHostPort, parseNodeAddresses } from '../addresses.js';
import { startGateway } from '../gateway.js';
import { parseStrategy, tellStrategies } from '../read-strategy.js';
import {
  type ClientPortFlags,
  type ClientSecurityFlags,
  readClientPortSecurity,
  readClientSecurity,
} from '../security-options.js';
import { say } from '../terminal.js';
import { version } from '../version.js';
import { addClientPortFlags } from './security-flags.js';
import { shutdownRequested } from './shutdown-signal.js';

interface GatewayFlags extends ClientPortFlags, ClientSecurityFlags {
  readonly nodes: string;
  readonly listen: string;
  readonly strategy: string;
}

/**
 * Adds the command.
 *
 * @param program - Where to.
 */
export function addGatewayCommand(program: Command): void {
  const command = program
    .command('gateway')
    .description('run a gateway before nodes that run elsewhere')
    .requiredOption('--nodes <list>', "the nodes' REST interfaces, as n1=http://HOST:PORT,n2=…")
    .option('--listen <host:port>', 'where to listen for clients', '127.0.0.1:8700')
    .option('--strategy <name>', `how reads are spread: ${tellStrategies()}`, 'round-robin')
    .option('--cacert <file>', "authorities of the nodes' certificates, for https:// nodes");
  addClientPortFlags(command)
    .addHelpText(
      'after',
      `
Example:
  $ synod gateway --nodes n1=http://10.0.0.1:8701,n2=http://10.0.0.2:8701,n3=http://10.0.0.3:8701 --listen 0.0.0.0:8700`,
    )
    .action(runGateway);
}

async function runGateway(flags: GatewayFlags): Promise<void> {
  const requested = shutdownRequested();
  const gateway = await startGateway({
    nodes: parseNodeAddresses(flags.nodes, '--nodes', 'http', 'https'),
    ...parseHostPort(flags.listen, '--listen'),
    strategy: parseStrategy(flags.strategy),
    version,
    security: readClientPortSecurity(flags),
    towardsNodes: readClientSecurity(flags),
    dashboardFolder: fileURLToPath(new URL('./dashboard', import.meta.url)),
  });
  say(`gateway at ${gateway.url}`);
  await requested;
  await gateway.close();
}
