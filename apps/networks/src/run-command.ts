/** Runs a command of the system to its end. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Runs a command and gives what it printed.
 *
 * @throws Error with what it complained about.
 */
export async function runCommand(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, [...args]);
  return stdout;
}
