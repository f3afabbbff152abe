/**
 * What a platform may offer beside the language, looked up without importing it: the package loads in a browser, where
 * none of this is there, and every answer may be `undefined`. Nothing here is trusted; see `crc-backends.ts`.
 */

/** An instance of a module that `moduleOf` made. */
export interface WasmInstance {
  /** Its memory. It never grows, so this view stays good. */
  readonly memory: Uint8Array;
  /** Its function. */
  readonly run: (...parameters: readonly number[]) => void;
}

/** A check that goes on from an earlier one, as `@node-rs/crc32` and `node:zlib` have it. */
export type ContinuedCheck = (data: Uint8Array, previous?: number) => number;

/** A running hash of `node:crypto`. */
export interface PlatformHash {
  /** Takes more bytes. */
  update(data: Uint8Array): unknown;
  /** A second hash that has taken the same bytes. */
  copy(): PlatformHash;
  /** The digest; nothing may be added after it. */
  digest(): Uint8Array;
}

/**
 * Compiles and instantiates a module, at once: it must be small.
 *
 * @param module - Its bytes.
 * @returns The instance, or `undefined` where WebAssembly, or an instruction in use, is missing or forbidden.
 */
export function instantiate(module: Uint8Array): WasmInstance | undefined {
  const webAssembly = member(globalThis, 'WebAssembly');
  const Module = member(webAssembly, 'Module');
  const Instance = member(webAssembly, 'Instance');
  if (typeof Module !== 'function' || typeof Instance !== 'function') return undefined;
  try {
    const exported = member(Reflect.construct(Instance, [Reflect.construct(Module, [module])]), 'exports');
    const buffer = member(member(exported, 'memory'), 'buffer');
    const run = member(exported, 'run');
    if (!(buffer instanceof ArrayBuffer) || !isFunctionOf<WasmInstance['run']>(run)) return undefined;
    return { memory: new Uint8Array(buffer), run };
  } catch {
    return undefined; // a content security policy, or a platform without vectors
  }
}

/**
 * A function of the optional package `@node-rs/crc32`.
 *
 * @param name - Which one.
 * @returns It, or `undefined` where the package is not installed or has no build for the platform.
 */
export function nativeCheck(name: 'crc32' | 'crc32c'): ContinuedCheck | undefined {
  const createRequire = member(builtinModule('node:module'), 'createRequire');
  if (typeof createRequire !== 'function') return undefined;
  try {
    const require: unknown = Reflect.apply(createRequire, undefined, [member(import.meta, 'url')]);
    if (typeof require !== 'function') return undefined;
    const check = member(Reflect.apply(require, undefined, ['@node-rs/crc32']), name);
    return isFunctionOf<ContinuedCheck>(check) ? check : undefined;
  } catch {
    return undefined;
  }
}

/** `crc32` of `node:zlib`, which Node has from 20.15 and 22.2 on. */
export function zlibCheck(): ContinuedCheck | undefined {
  const check = member(builtinModule('node:zlib'), 'crc32');
  return isFunctionOf<ContinuedCheck>(check) ? check : undefined;
}

/** Makes SHA-256 hashes of `node:crypto`. */
export function platformSha256(): (() => PlatformHash) | undefined {
  const createHash = member(builtinModule('node:crypto'), 'createHash');
  if (!isFunctionOf<(algorithm: string) => PlatformHash>(createHash)) return undefined;
  return () => createHash('sha256');
}

/**
 * Warns whoever operates the process, where the platform can.
 *
 * @param message - What is wrong and what was done instead.
 */
export function warn(message: string): void {
  const process = member(globalThis, 'process');
  const emitWarning = member(process, 'emitWarning');
  if (typeof emitWarning === 'function')
    Reflect.apply(emitWarning, process, [message, 'SynodIntegrityWarning']);
}

/** A module of Node.js, which Node gives without an import from 20.16 and 22.3 on. */
function builtinModule(id: string): unknown {
  const process = member(globalThis, 'process');
  const getBuiltinModule = member(process, 'getBuiltinModule');
  return typeof getBuiltinModule === 'function' ? Reflect.apply(getBuiltinModule, process, [id]) : undefined;
}

function member(owner: unknown, name: string): unknown {
  const hasMembers = (typeof owner === 'object' && owner !== null) || typeof owner === 'function';
  return hasMembers ? Reflect.get(owner, name) : undefined;
}

/** The signature is what the platform documents; that it does what it says is for the self-test. */
function isFunctionOf<Signature>(value: unknown): value is Signature {
  return typeof value === 'function';
}
