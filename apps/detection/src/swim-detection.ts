/** How long until a crash is noticed (SWIM §3.1 and §5), and until all know of it. */
import { Random } from '@synod/core';
import { decodeSwimMessage, type SwimOptions } from '@synod/failure-detector';
import { SimulatedGroup } from '@synod/failure-detector/simulation';

/** What many crashes in groups of a size come to. Times are in protocol periods. */
export interface Detection {
  readonly members: number;
  /** In which period after the crash the first ping leaves that fails, counted from 1. */
  readonly firstPeriods: readonly number[];
  /** From the crash until the first suspicion. */
  readonly suspectedAfter: readonly number[];
  /** From the crash until the first declaration. */
  readonly diedAfter: readonly number[];
  /** From the first declaration until the last member knows. */
  readonly spreadIn: readonly number[];
}

const periodMs = 1000;

/**
 * Crashes a member again and again, each time in a group of its own.
 *
 * @param members - Size of the group.
 * @param trials - How many crashes.
 * @param seed - First seed.
 * @param swim - Settings of all members.
 */
export function measureDetection(
  members: number,
  trials: number,
  seed: number,
  swim: Partial<SwimOptions> = {},
): Detection {
  const crashes = Array.from({ length: trials }, (_, trial) => crash(members, seed + trial, swim));
  return {
    members,
    firstPeriods: crashes.map(({ pingedMs }) => Math.ceil(pingedMs / periodMs)),
    suspectedAfter: crashes.map(({ suspectedMs }) => suspectedMs / periodMs),
    diedAfter: crashes.map(({ diedMs }) => diedMs / periodMs),
    spreadIn: crashes.map(({ diedMs, knownMs }) => (knownMs - diedMs) / periodMs),
  };
}

interface Crash {
  pingedMs: number;
  suspectedMs: number;
  diedMs: number;
  knownMs: number;
}

function crash(members: number, seed: number, swim: Partial<SwimOptions>): Crash {
  const unknown = Number.POSITIVE_INFINITY;
  const found: Crash = { pingedMs: unknown, suspectedMs: unknown, diedMs: unknown, knownMs: 0 };
  const victim = 'm2';
  let crashedAtMs = unknown;
  let knowing = 0;
  const group = new SimulatedGroup({
    seed,
    members,
    swim: { ...swim, syncEveryMs: 0, periodMs },
    onDatagram: (_from, to, bytes, atMs) => {
      if (to !== victim || atMs < crashedAtMs || found.pingedMs < unknown) return;
      if (decodeSwimMessage(bytes).type === 'ping') found.pingedMs = atMs - crashedAtMs;
    },
    onEvent: (_member, event, atMs) => {
      if (event.type === 'suspected') found.suspectedMs = Math.min(found.suspectedMs, atMs - crashedAtMs);
      if (event.type !== 'died') return;
      found.diedMs = Math.min(found.diedMs, atMs - crashedAtMs);
      found.knownMs = atMs - crashedAtMs;
      knowing++;
    },
  });
  // Whole rounds first, so that members stand anywhere in theirs.
  group.run(2 * periodMs + new Random(seed).float() * periodMs * Math.min(members, 32));
  group.crash(victim);
  crashedAtMs = group.nowMs;
  while (knowing < members - 1) group.run(periodMs);
  return found;
}
