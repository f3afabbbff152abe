/** The functions that are measured: ours, ours on a platform that has less, and those of others. */
import * as zlib from 'node:zlib';
import { AwsCrc32c } from '@aws-crypto/crc32c';
import { blake3 } from '@noble/hashes/blake3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { crc32 as nativeCrc32, crc32c as nativeCrc32c } from '@node-rs/crc32';
import * as integrity from '@synod/integrity';
import adlerOfOthers from 'adler-32';
import crcOfOthers from 'crc-32';
import crc32cOfOthers from 'crc-32/crc32c.js';
import { createBLAKE3, createCRC32, createXXHash3, type IHasher } from 'hash-wasm';
import createXxhash from 'xxhash-wasm';

/** A function to be measured. */
export interface Candidate {
  /** Its name in the table. */
  readonly name: string;
  /** What is timed: the checksum of an input that is all there, the way the package's own page shows it. */
  readonly run: (data: Uint8Array) => unknown;
}

type Integrity = typeof integrity;

/** The families of functions that compute one checksum, ours first in each. */
export async function familiesOfCandidates(): Promise<{ name: string; candidates: Candidate[] }[]> {
  const [portable, tables] = [await integrityWithout('native code'), await integrityWithout('WebAssembly')];
  const [wasmCrc32c, wasmXxh3, wasmBlake3] = [
    hashWasm(await createCRC32(0x82f63b78)),
    hashWasm(await createXXHash3()),
    hashWasm(await createBLAKE3()),
  ];
  const xxhash = await createXxhash();
  return [
    {
      name: 'CRC-32C',
      candidates: [
        { name: '`crc32c`', run: (data) => integrity.crc32c(data) },
        { name: '... without native code, as in a browser', run: (data) => portable.crc32c(data) },
        { name: '... without WebAssembly too', run: (data) => tables.crc32c(data) },
        { name: '@node-rs/crc32', run: (data) => nativeCrc32c(data) },
        { name: 'crc-32', run: (data) => crc32cOfOthers.buf(data) },
        { name: '@aws-crypto/crc32c', run: (data) => new AwsCrc32c().update(data) },
        { name: 'hash-wasm', run: wasmCrc32c },
      ],
    },
    {
      name: 'CRC-32',
      candidates: [
        { name: '`crc32`', run: (data) => integrity.crc32(data) },
        { name: '... without native code, as in a browser', run: (data) => portable.crc32(data) },
        { name: '... without WebAssembly too', run: (data) => tables.crc32(data) },
        { name: '@node-rs/crc32', run: (data) => nativeCrc32(data) },
        { name: 'node:zlib', run: (data) => zlib.crc32(data) },
        { name: 'crc-32', run: (data) => crcOfOthers.buf(data) },
      ],
    },
    {
      name: 'Sums',
      candidates: [
        { name: '`adler32`', run: (data) => integrity.adler32(data) },
        { name: 'adler-32', run: (data) => adlerOfOthers.buf(data) },
        { name: '`checksum`, mod 65521', run: (data) => integrity.checksum(data, 65_521) },
        ...(['fletcher-16', 'fletcher-32', 'fletcher-64'] as const).map(ours),
      ],
    },
    {
      name: 'XXH3',
      candidates: [
        ours('xxh3-64'),
        ours('xxh3-128'),
        { name: 'hash-wasm, XXH3-64', run: wasmXxh3 },
        { name: 'xxhash-wasm, XXH64', run: (data) => xxhash.h64Raw(data) },
      ],
    },
    {
      name: 'SHA-256',
      candidates: [
        ours('sha-256'),
        { name: '... without native code', run: portable.checksumAlgorithm('sha-256').digest },
        { name: '@noble/hashes', run: (data) => sha256(data) },
      ],
    },
    {
      name: 'BLAKE3',
      candidates: [
        ours('blake3'),
        { name: '@noble/hashes', run: (data) => blake3(data) },
        { name: 'hash-wasm', run: wasmBlake3 },
      ],
    },
  ];
}

function ours(name: Parameters<Integrity['checksumAlgorithm']>[0]): Candidate {
  return { name: `\`${name}\``, run: integrity.checksumAlgorithm(name).digest };
}

function hashWasm(hasher: IHasher): Candidate['run'] {
  return (data) => hasher.init().update(data).digest('binary');
}

/** A second copy of the package, which looks its platform up while something of it is hidden. */
async function integrityWithout(hidden: 'native code' | 'WebAssembly'): Promise<Integrity> {
  const builtin = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule');
  const wasm = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly');
  Object.defineProperty(process, 'getBuiltinModule', { value: undefined, configurable: true });
  if (hidden === 'WebAssembly')
    Object.defineProperty(globalThis, 'WebAssembly', { value: undefined, configurable: true });
  try {
    const copy: Integrity = await import(
      `${import.meta.resolve('@synod/integrity')}?without=${encodeURI(hidden)}`
    );
    copy.crc32cBackends();
    copy.crc32Backends();
    copy.checksumAlgorithm('sha-256').create();
    return copy;
  } finally {
    if (builtin !== undefined) Object.defineProperty(process, 'getBuiltinModule', builtin);
    if (wasm !== undefined) Object.defineProperty(globalThis, 'WebAssembly', wasm);
  }
}
