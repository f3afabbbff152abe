/**
 * The Paxos family as pure, deterministic state machines: ballots, flexible quorums, and the protocols that stand on
 * them. None of it ever sees a clock, a socket, a file, a promise or a random source; whoever runs it carries out its
 * effects.
 *
 * @packageDocumentation
 */
export { ballotOf, formatBallot, isBallot, nextBallot, ordinalOf, roundMax, roundOf } from './ballot.js';
export { DisjointQuorumsError, type QuorumRule, QuorumSystem, weightMax } from './quorum-system.js';
