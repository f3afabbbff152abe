/** Other balancers of npm, to stand beside ours in the same run. */
import { P2cBalancer, RandomBalancer } from 'load-balancers';
import { BalancedPool } from 'undici';

/** Something that picks: calling it picks once. */
export interface PeerPicker {
  /** The package, and what of it. */
  readonly name: string;
  /** Picks once. */
  readonly pick: () => unknown;
  /** Closes what it opened. */
  readonly close: () => Promise<void>;
}

/**
 * The peers, each over a set of endpoints.
 *
 * @param size - How many endpoints.
 */
export function balancerPeers(size: number): readonly PeerPicker[] {
  return [undiciPool(size), ...loadBalancers(size)];
}

/** The step of `BalancedPool` that chooses a pool; requests of the public interface would go through a socket. */
function undiciPool(size: number): PeerPicker {
  const pool = new BalancedPool(
    Array.from({ length: size }, (_, number) => `http://127.0.0.1:${20_000 + number}`),
  );
  const [chooses] = Object.getOwnPropertySymbols(BalancedPool.prototype);
  const choose: unknown = chooses === undefined ? undefined : Reflect.get(pool, chooses);
  if (typeof choose !== 'function') throw new Error('undici: BalancedPool has no method to choose by');
  return {
    name: 'undici BalancedPool',
    pick: () => Reflect.apply(choose, pool, []),
    close: async () => {
      await pool.close();
    },
  };
}

function loadBalancers(size: number): readonly PeerPicker[] {
  const twoChoices = new P2cBalancer(size);
  const random = new RandomBalancer(size);
  const close = () => Promise.resolve();
  return [
    { name: 'load-balancers P2cBalancer', pick: () => twoChoices.pick(), close },
    { name: 'load-balancers RandomBalancer', pick: () => random.pick(), close },
  ];
}
