/** The network as it is seen from the router's namespace, where this program runs. */
import { addressIn, type Namespaces } from './namespaces.js';
import type { Network, Place } from './network.js';
import { runCommand } from './run-command.js';

const peerPort = 8751;
const clientPort = 8701;

/** Cuts links by rules of the router. */
export class RoutedNetwork implements Network {
  readonly kind = 'network namespaces';
  readonly #namespaces: Namespaces;
  readonly #ids: readonly string[];
  readonly #rules: (readonly string[])[] = [];

  constructor(namespaces: Namespaces, ids: readonly string[]) {
    this.#namespaces = namespaces;
    this.#ids = ids;
  }

  place(id: string): Place {
    const address = this.#addressOf(id);
    return {
      peerListen: `${address}:${peerPort}`,
      clientListen: `${address}:${clientPort}`,
      peers: this.#ids.map((each) => `${each}=ws://${this.#addressOf(each)}:${peerPort}`).join(','),
      prefix: ['ip', 'netns', 'exec', this.#namespaces.nameOf(id)],
    };
  }

  async cut(from: string, to: string): Promise<void> {
    const rule = ['from', this.#addressOf(from), 'to', this.#addressOf(to), 'blackhole'];
    await runCommand('ip', 'rule', 'add', ...rule);
    this.#rules.push(rule);
  }

  async heal(): Promise<void> {
    for (const rule of this.#rules.splice(0)) await runCommand('ip', 'rule', 'del', ...rule);
  }

  /** The namespaces are removed by whoever made them. */
  async close(): Promise<void> {
    await this.heal();
  }

  #addressOf(id: string): string {
    return addressIn(this.#ids.indexOf(id));
  }
}
