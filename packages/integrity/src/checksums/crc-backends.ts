/**
 * Which way a CRC is computed: tables for short inputs, the fastest one that the platform has for long ones. What
 * others built is used only after it gave the right values for known inputs, because a wrong build would seal a log
 * that no other reader can open.
 */
import { createFoldedDivision } from './crc-folding.js';
import type { CarryRemainder } from './crc-tables.js';
import { type ContinuedCheck, warn } from './platform.js';

/** A way to compute a checksum. */
export type ChecksumBackend = 'tables' | 'webassembly' | 'node:zlib' | '@node-rs/crc32';

/** Which backends one CRC uses. */
export interface BackendReport {
  /** Those in use, by the length from which each one is, ascending. */
  readonly inUse: readonly { readonly backend: ChecksumBackend; readonly fromBytes: number }[];
  /** Those that are there but gave a wrong value, and are not used. */
  readonly refused: readonly { readonly backend: ChecksumBackend; readonly reason: string }[];
}

/** What distinguishes one CRC from another. */
export interface CrcSpecification {
  /** For messages. */
  readonly name: string;
  /** The division through tables. */
  readonly tables: CarryRemainder;
  /** As for `createFoldedDivision`. */
  readonly distances: readonly number[];
  /** The published check value of the digits 1 to 9 in ASCII. */
  readonly checkOfDigits: number;
  /** Looks up what the platform offers; asked once, when the first long input comes. */
  readonly offers: () => readonly BackendOffer[];
}

/** What a platform offers for a CRC. */
export interface BackendOffer {
  /** Whose it is. */
  readonly backend: ChecksumBackend;
  /** From this length on it is faster than tables. */
  readonly fromBytes: number;
  /** From this length on WebAssembly is faster still. */
  readonly untilBytes: number;
  /** The function, if it is there. */
  readonly check: ContinuedCheck | undefined;
}

/**
 * The CRC of some of the bytes.
 *
 * @param data - Where the bytes are.
 * @param start - Offset of the first one.
 * @param end - Offset after the last one, at most `data.length`.
 * @param previous - CRC of what stands before.
 */
export type CheckOfRange = (data: Uint8Array, start: number, end: number, previous: number) => number;

/** A CRC with its backends. */
export interface Crc {
  /** Of some of the bytes. */
  readonly ofRange: CheckOfRange;
  /** What is in use. Looks it up when no long input came before. */
  readonly backends: () => BackendReport;
}

/** Below this no backend is faster than tables, so none is looked up. */
const tablesBytes = 256;

/** From this length on WebAssembly is faster than tables. */
const webAssemblyFromBytes = 640;

/** Some native code takes lengths as 32 bits. */
const callBytesMax = 0x4000_0000;

/**
 * Makes a CRC. Backends are looked up at the first input that is long enough.
 *
 * @param specification - Which one.
 */
export function createCrc(specification: CrcSpecification): Crc {
  const { tables } = specification;
  let longer: LongerInputs | undefined;
  let ofLonger: CheckOfRange = (data, start, end, previous) => {
    lookUp();
    return ofLonger(data, start, end, previous);
  };
  const lookUp = (): BackendReport => {
    longer ??= chooseForLonger(specification);
    ofLonger = longer.check;
    return longer.report;
  };
  return {
    ofRange: (data, start, end, previous) =>
      end - start < tablesBytes
        ? ~tables(data, start, end, ~previous) >>> 0
        : ofLonger(data, start, end, previous),
    backends: lookUp,
  };
}

interface LongerInputs {
  readonly check: CheckOfRange;
  readonly report: BackendReport;
}

interface Candidate {
  readonly backend: ChecksumBackend;
  readonly fromBytes: number;
  readonly check: CheckOfRange;
}

function chooseForLonger(specification: CrcSpecification): LongerInputs {
  const tables = checkBy(specification.tables);
  const refused: BackendReport['refused'][number][] = [];
  const passes = ({ backend, check }: Candidate): boolean => {
    const reason = faultOf(check, tables, specification.checkOfDigits);
    if (reason === undefined) return true;
    refused.push({ backend, reason });
    warn(`${backend} computes ${specification.name} wrongly and is not used: ${reason}`);
    return false;
  };
  const offers = specification.offers();
  const offered = offers.flatMap(candidateOf).find(passes);
  const untilBytes =
    offers.find(({ backend }) => backend === offered?.backend)?.untilBytes ?? webAssemblyFromBytes;
  const folded = [untilBytes]
    .filter((fromBytes) => fromBytes !== Number.POSITIVE_INFINITY)
    .flatMap((fromBytes) => foldingCandidate(specification, fromBytes))
    .find(passes);
  const inUse = [offered, folded].filter((candidate) => candidate !== undefined);
  return {
    check: inUse.reduce<CheckOfRange>(byLength, tables),
    report: {
      inUse: [
        { backend: 'tables', fromBytes: 0 },
        ...inUse.map(({ backend, fromBytes }) => ({ backend, fromBytes })),
      ],
      refused,
    },
  };
}

function byLength(shorter: CheckOfRange, { fromBytes, check }: Candidate): CheckOfRange {
  if (fromBytes <= tablesBytes) return check; // one call less, which is 5 ns
  return (data, start, end, previous) =>
    end - start < fromBytes ? shorter(data, start, end, previous) : check(data, start, end, previous);
}

function candidateOf({ backend, fromBytes, check }: BackendOffer): Candidate[] {
  if (check === undefined) return [];
  const ofRange: CheckOfRange = (data, start, end, previous) => {
    if (start === 0 && end === data.length && end <= callBytesMax) {
      return previous === 0 ? check(data) : check(data, previous); // one number less to carry over is 15 ns
    }
    let sofar = previous;
    for (let from = start; from < end; from += callBytesMax) {
      const bytes = Math.min(callBytesMax, end - from);
      sofar = check(new Uint8Array(data.buffer, data.byteOffset + from, bytes), sofar);
    }
    return sofar;
  };
  return [{ backend, fromBytes, check: ofRange }];
}

function foldingCandidate({ distances, tables }: CrcSpecification, fromBytes: number): Candidate[] {
  const folding = createFoldedDivision(distances, tables);
  if (folding === undefined) return [];
  return [
    {
      backend: 'webassembly',
      fromBytes,
      check: byLength(checkBy(tables), {
        backend: 'webassembly',
        fromBytes: folding.bytesMin,
        check: checkBy(folding.carry),
      }),
    },
  ];
}

/** A check is the complement of a remainder. */
function checkBy(carry: CarryRemainder): CheckOfRange {
  return (data, start, end, previous) => ~carry(data, start, end, ~previous) >>> 0;
}

/** The first known value that a check does not give, in words. */
function faultOf(check: CheckOfRange, tables: CheckOfRange, checkOfDigits: number): string | undefined {
  const bytes = Uint8Array.from({ length: 18_000 }, (_, place) => (place * 151 + (place >> 4)) & 0xff);
  const digits = Uint8Array.from('123456789', (digit) => digit.charCodeAt(0));
  const part = bytes.subarray(3, 1500);
  try {
    const ofDigits = check(digits, 0, digits.length, 0);
    if (ofDigits !== checkOfDigits) return `it gives ${ofDigits} for 123456789 instead of ${checkOfDigits}`;
    for (const length of [0, 1, 15, 64, 255, 777, 1024, 4099, 17_990]) {
      for (const start of [0, 1, 8]) {
        const given = check(bytes, start, start + length, length);
        const expected = tables(bytes, start, start + length, length);
        if (given !== expected) return `it gives ${given} for ${length} known bytes instead of ${expected}`;
      }
    }
    const given = check(part, 0, part.length, 0xffff_ffff);
    const expected = tables(part, 0, part.length, 0xffff_ffff);
    return given === expected ? undefined : `it gives ${given} for part of a buffer instead of ${expected}`;
  } catch (thrown) {
    return `it throws ${String(thrown)}`;
  }
}
