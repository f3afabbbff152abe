#!/usr/bin/env node
import { isSynodError } from '@synod/core';
/** The program `synod`: reads the command line, runs one command, and ends with a code that says how it went. */
import { Command, CommanderError } from 'commander';
import { addBackupCommands } from './commands/backup.js';
import { addCertificatesCommand } from './commands/certificates.js';
import { addDemoCommand } from './commands/demo.js';
import { addFaultCommand } from './commands/fault.js';
import { addGatewayCommand } from './commands/gateway.js';
import { addKeyCommands } from './commands/keys.js';
import { addNodeCommand } from './commands/node.js';
import { addRecoverQuorumCommand } from './commands/recover-quorum.js';
import { addReplayCommand } from './commands/replay.js';
import { addStatusCommand } from './commands/status.js';
import { addUpCommand } from './commands/up.js';
import { addWalCommand } from './commands/wal.js';
import { exitCodeOf, exitOk, exitUsage } from './exit-codes.js';
import { complain } from './terminal.js';
import { version } from './version.js';

const program = new Command('synod')
  .description('A replicated key-value cluster: nodes, gateway, REST interface and dashboard.')
  .version(version)
  .showHelpAfterError('(synod --help lists the commands, synod COMMAND --help its options)')
  .exitOverride();
addUpCommand(program);
addDemoCommand(program);
addNodeCommand(program);
addGatewayCommand(program);
addKeyCommands(program);
addStatusCommand(program);
addFaultCommand(program);
addCertificatesCommand(program);
addReplayCommand(program);
addRecoverQuorumCommand(program);
addBackupCommands(program);
addWalCommand(program);
program.addHelpText(
  'after',
  '\nExample:\n  $ synod up\n  $ synod put color green        (in another terminal)\n  $ synod get color',
);

process.exitCode = await run();
// Sockets that are still closing must not keep a finished command waiting.
process.exit();

async function run(): Promise<number> {
  try {
    await program.parseAsync();
    return exitOk;
  } catch (error) {
    // Commander has printed what was wrong, or the help or version that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitOk : exitUsage;
    complain(error);
    return isSynodError(error) && error.code === 'INVALID_ARGUMENT' ? exitUsage : exitCodeOf(error);
  }
}
