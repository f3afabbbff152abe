/**
 * Cyclic redundancy checks without tables, by exclusive-or alone (Russell, "Chorba: A novel CRC32 implementation",
 * arXiv 2412.16398): a sparse multiple of the generator says which later bytes may take over what a byte
 * contributes. With 1 = x^8(s-a) + x^8(s-b) + ... modulo the generator, each byte is added to the bytes a, b, ... s
 * places behind it and forgotten, sixteen bytes at once. What is left at the end is as long as the greatest distance,
 * and goes through tables.
 *
 * The same distances hold for bits, bytes and words: a generator without square factors divides a power of a
 * polynomial only if it divides the polynomial. So they are also the lightest errors that the check does not detect.
 */
import type { CarryRemainder } from './crc-tables.js';
import { instantiate } from './platform.js';
import { type Code, moduleOf, op } from './wasm-module.js';

/** Bytes of one load, and of one step of the loop. */
const vectorBytes = 16;
const stepBytes = 64;

/** So many bytes are copied and folded at once: they stay in the fastest cache. */
const chunkBytes = 16_384;

/** Where what is folded stands in the memory; the bytes before it are those folded last. */
const dataOffset = 2048;

/** Where the folded bytes that still act on the end stand while it is completed, zeros behind them. */
const lastFoldedOffset = 512;

/** A division that is fast for long inputs. */
export interface FoldedDivision {
  /** From so many bytes on it may be used. */
  readonly bytesMin: number;
  /** Carries the remainder on over at least `bytesMin` bytes. */
  readonly carry: CarryRemainder;
}

/**
 * The division by one polynomial, by folding in WebAssembly.
 *
 * @param distances - How many bytes further each byte is added, ascending: from 64 up, at most 512.
 * @param tables - The same division through tables, for the end.
 * @returns The division, or `undefined` where the platform has no WebAssembly with vectors, or forbids it.
 */
export function createFoldedDivision(
  distances: readonly number[],
  tables: CarryRemainder,
): FoldedDivision | undefined {
  const span = Math.max(...distances);
  const instance = instantiate(foldingModule(distances, span));
  if (instance === undefined) return undefined;
  const { memory, run: fold } = instance;
  const historyOffset = dataOffset - span;

  /** Folds what may be folded and leaves the bytes folded last before `dataOffset`; gives how many it folded. */
  const foldBody = (data: Uint8Array, start: number, bytes: number, remainder: number): void => {
    memory.fill(0, historyOffset, dataOffset);
    // The byte `span` places before the first one acts on the first one alone: so the remainder comes in.
    for (let byte = 0; byte < 4; byte++) memory[historyOffset + byte] = remainder >>> (8 * byte);
    for (let folded = 0; folded < bytes; ) {
      const taken = Math.min(chunkBytes, bytes - folded);
      memory.set(data.subarray(start + folded, start + folded + taken), dataOffset);
      fold(dataOffset, dataOffset + taken, 0);
      memory.copyWithin(historyOffset, dataOffset + taken - span, dataOffset + taken);
      folded += taken;
    }
  };

  return {
    bytesMin: span + Math.ceil(span / stepBytes) * stepBytes,
    carry: (data, start, end, remainder) => {
      const foldable = end - start - span;
      const bytes = foldable - (foldable % stepBytes);
      foldBody(data, start, bytes, remainder);
      memory.copyWithin(lastFoldedOffset, historyOffset, dataOffset);
      const rest = end - start - bytes;
      memory.set(data.subarray(start + bytes, end), dataOffset);
      fold(dataOffset, dataOffset + span, dataOffset - (lastFoldedOffset + span));
      return tables(memory, dataOffset, dataOffset + rest, 0);
    },
  };
}

/**
 * The loop: `run(at, end, shift)` adds to each byte from `at` to `end` those that stand a distance before it, moved
 * `shift` further down. With shift 0 that is the folding itself. With another one it reads elsewhere than it writes:
 * from the bytes folded last and the zeros behind them, because the bytes of the end do not act on one another.
 */
function foldingModule(distances: readonly number[], span: number): Uint8Array {
  const [at, end, shift, source] = [0, 1, 2, 3];
  const step: Code[] = [];
  for (let lane = 0; lane < stepBytes; lane += vectorBytes) {
    step.push(op.localGet(at), op.localGet(at), op.v128Load(lane));
    for (const distance of distances) {
      step.push(op.localGet(source), op.v128Load(span - distance + lane), op.v128Xor);
    }
    step.push(op.v128Store(lane));
  }
  return moduleOf(3, 1, 1, [
    ...[op.localGet(at), op.i32Const(span), op.i32Sub, op.localGet(shift), op.i32Sub, op.localSet(source)],
    op.loop,
    ...step,
    ...[op.localGet(source), op.i32Const(stepBytes), op.i32Add, op.localSet(source)],
    ...[op.localGet(at), op.i32Const(stepBytes), op.i32Add, op.localTee(at), op.localGet(end)],
    ...[op.i32LessUnsigned, op.branchIf],
    op.end,
  ]);
}
