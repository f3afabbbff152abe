/** A network between the nodes of one cluster whose links can be cut, each direction for itself, and made slow. */

/** Where one node lives. */
export interface Place {
  /** Address that its peers' messages come in at. */
  readonly peerListen: string;
  /** Address that clients reach it at. */
  readonly clientListen: string;
  /** Addresses that it reaches each node at, itself too, as `--peers` has them. */
  readonly peers: string;
  /** What stands before the command that starts it, such as what brings it into its namespace. */
  readonly prefix: readonly string[];
}

/** What a network can do. */
export interface Network {
  /** What it is made of, for people. */
  readonly kind: string;
  /** Where a node lives. */
  place(id: string): Place;
  /** Loses what one node sends another from now on. */
  cut(from: string, to: string): Promise<void>;
  /** Takes back all cuts. */
  heal(): Promise<void>;
  /** Removes what it is made of. */
  close(): Promise<void>;
}

/** Names of so many nodes: n1, n2 and so on. */
export function nodeIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, position) => `n${position + 1}`);
}
