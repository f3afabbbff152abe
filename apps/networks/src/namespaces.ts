/**
 * A network of Linux network namespaces: each node in one of its own, and a router between them that drops what a cut
 * link would carry. The kernel's own TCP runs over it, with all that it does when nothing arrives any more.
 */
import { runCommand } from './run-command.js';

const prefix = 'synod-net';

/** The namespaces of one run. Made from outside; this program then runs inside of the router's. */
export class Namespaces {
  readonly #run: number;
  readonly #ids: readonly string[];

  /**
   * @param run - Tells this run's namespaces from those of others: the id of the process that made them.
   * @param ids - The nodes.
   */
  constructor(run: number, ids: readonly string[]) {
    this.#run = run;
    this.#ids = ids;
  }

  /** Whether this machine lets them be made: `undefined`, or why not. */
  static async reasonUnavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux') return 'there are none on this system';
    if (process.getuid?.() !== 0) return 'only root can make them';
    const trial = `${prefix}-${process.pid}-trial`;
    try {
      await runCommand('ip', 'netns', 'add', trial);
      await runCommand('ip', 'netns', 'del', trial);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message.trim() : String(error);
    }
  }

  /** Name of the router's namespace. */
  get router(): string {
    return `${prefix}-${this.#run}-router`;
  }

  /** Name of a node's namespace. */
  nameOf(id: string): string {
    return `${prefix}-${this.#run}-${id}`;
  }

  /** Makes all of them and the links between them. */
  async make(): Promise<void> {
    await runCommand('ip', 'netns', 'add', this.router);
    await this.#inRouter('ip', 'link', 'set', 'lo', 'up');
    await this.#inRouter('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    for (const [position, id] of this.#ids.entries()) {
      const name = this.nameOf(id);
      const near = `10.77.${position + 1}.1`;
      await runCommand('ip', 'netns', 'add', name);
      await this.#inRouter('ip', 'link', 'add', id, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      await this.#inRouter('ip', 'addr', 'add', `${near}/24`, 'dev', id);
      await this.#inRouter('ip', 'link', 'set', id, 'up');
      await runCommand('ip', '-n', name, 'link', 'set', 'lo', 'up');
      await runCommand('ip', '-n', name, 'addr', 'add', `${addressIn(position)}/24`, 'dev', 'eth0');
      await runCommand('ip', '-n', name, 'link', 'set', 'eth0', 'up');
      await runCommand('ip', '-n', name, 'route', 'add', 'default', 'via', near);
    }
  }

  /** Removes them, and those of earlier runs whose process is gone. */
  async remove(): Promise<void> {
    const listed = await runCommand('ip', 'netns', 'list');
    for (const line of listed.split('\n')) {
      const name = line.split(' ')[0] ?? '';
      const run = new RegExp(`^${prefix}-(\\d+)-`).exec(name)?.[1];
      if (run !== undefined && (Number(run) === this.#run || !isAlive(Number(run))))
        await runCommand('ip', 'netns', 'del', name);
    }
  }

  async #inRouter(...command: readonly string[]): Promise<void> {
    await runCommand('ip', 'netns', 'exec', this.router, ...command);
  }
}

/** Address of the node at a position. */
export function addressIn(position: number): string {
  return `10.77.${position + 1}.2`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
