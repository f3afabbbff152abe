/**
 * Just enough of the WebAssembly binary format (W3C, "WebAssembly Core Specification 2.0", chapter 5) to put small
 * loops of our own into bytes: what is executed stands here as readable source and not as a blob.
 */

/** Bytes of one or more instructions. */
export type Code = readonly number[];

const i32 = 0x7f;

/** The instructions in use, named as in the specification; `offset` and constants are from 0 to 2^31 - 1. */
export const op = {
  localGet: (local: number): Code => [0x20, ...unsigned(local)],
  localSet: (local: number): Code => [0x21, ...unsigned(local)],
  localTee: (local: number): Code => [0x22, ...unsigned(local)],
  i32Const: (value: number): Code => [0x41, ...signed(value)],
  i32Add: [0x6a],
  i32Sub: [0x6b],
  i32LessUnsigned: [0x49],
  loop: [0x03, 0x40],
  /** Back to the begin of the innermost loop, when the top of the stack is not 0. */
  branchIf: [0x0d, 0],
  end: [0x0b],
  v128Load: (offset: number): Code => [0xfd, 0x00, 0, ...unsigned(offset)],
  v128Store: (offset: number): Code => [0xfd, 0x0b, 0, ...unsigned(offset)],
  v128Xor: [0xfd, ...unsigned(0x51)],
} as const;

/**
 * A module of one function without results, exported as `run`, and one memory, exported as `memory`.
 *
 * @param parameters - How many parameters of type i32 the function takes; they are its first locals.
 * @param locals - How many locals of type i32 follow them.
 * @param pages - Pages of 64 KiB in the memory.
 * @param instructions - The body, without its last `end`.
 */
export function moduleOf(
  parameters: number,
  locals: number,
  pages: number,
  instructions: readonly Code[],
): Uint8Array {
  const functionType = [0x60, ...vector(Array.from({ length: parameters }, () => [i32])), ...vector([])];
  const body = [...vector([[...unsigned(locals), i32]]), ...instructions.flat(), ...op.end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
    ...section(1, vector([functionType])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0, ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        [...name('memory'), 2, 0],
        [...name('run'), 0, 0],
      ]),
    ),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): Code {
  return vector(Array.from(text, (letter) => [letter.charCodeAt(0)]));
}

/** LEB128, seven bits a byte. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128 of a number that is not negative: the highest bit written is its sign. */
function signed(value: number): Code {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
