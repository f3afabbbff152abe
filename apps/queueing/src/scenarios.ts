/** The situations that strategies are tried in. Times are in milliseconds; a request is 10 ms of work on the average. */

/** One situation. */
export interface Scenario {
  /** For the command line and the names of files. */
  readonly name: string;
  /** Heads its table. */
  readonly title: string;
  /** What it is made of, for people. */
  readonly made: string;
  /** Servers. */
  readonly servers: number;
  /** Requests that a server works on at once; the rest wait in the order they came. */
  readonly workers: number;
  /** Clients, each with a balancer that knows of its own requests only. */
  readonly clients: number;
  /** Requests sent, as a part of what all servers together can do. */
  readonly load: number;
  /** Work of a request: `exponential`, or `lognormal` with sigma 1.5: one in a hundred is more than ten times the mean. */
  readonly work: 'exponential' | 'lognormal';
  /** Speed of a server by its number; it is also its weight, for strategies that heed weights. */
  readonly speed: (server: number) => number;
  /** Neighbours that slow some servers down, one after the other, and that no weight knows of. */
  readonly antagonists?: Antagonists;
  /** Whether the first server fails every request after a millisecond. */
  readonly blackHole?: boolean;
}

/** What disturbs servers. */
export interface Antagonists {
  /** Part of the servers that are disturbed at a time. */
  readonly share: number;
  /** What is left of their speed. */
  readonly speed: number;
  /** How long each stays disturbed. */
  readonly spellMs: number;
}

/** Mean work of a request on a server of speed 1. */
export const meanWorkMs = 10;

const even = () => 1;

/** In the order of the page. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'equal',
    title: 'Equal servers, one client',
    made: '100 servers of one worker, exponential work, 90 % of what they can do. The textbook case, with known answers.',
    servers: 100,
    workers: 1,
    clients: 1,
    load: 0.9,
    work: 'exponential',
    speed: even,
  },
  {
    name: 'unequal',
    title: 'Unequal servers, heavy tail, many clients',
    made: '40 servers of two workers, a quarter of them of speed 2, a quarter of speed 0.5; heavy-tailed work; ten clients that know nothing of each other; 75 % of what the servers can do. Weights are the speeds.',
    servers: 40,
    workers: 2,
    clients: 10,
    load: 0.75,
    work: 'lognormal',
    speed: (server) => [2, 1, 1, 0.5][server % 4] ?? 1,
  },
  {
    name: 'antagonists',
    title: 'Servers with bad neighbours',
    made: '100 servers of two workers; at any time a tenth of them run at a fifth of their speed, for a second each; heavy-tailed work; ten clients; 75 % of what they could do undisturbed. Weights are all 1.',
    servers: 100,
    workers: 2,
    clients: 10,
    load: 0.75,
    work: 'lognormal',
    speed: even,
    antagonists: { share: 0.1, speed: 0.2, spellMs: 1000 },
  },
  {
    name: 'black-hole',
    title: 'A server that fails at once',
    made: '20 servers of two workers, of which the first fails every request after a millisecond; exponential work; one client; 90 % of what the others can do. An even share would be 5 % failed.',
    servers: 20,
    workers: 2,
    clients: 1,
    load: 0.9,
    work: 'exponential',
    speed: even,
    blackHole: true,
  },
];
