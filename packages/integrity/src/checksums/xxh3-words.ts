/** The numbers and the small functions of XXH3 (see `xxh3.ts`), on integers of 64 bits. */

/** The primes of XXH32, XXH64 and XXH3; `short32` has 32 bits, the others 64. */
export const primes = {
  short32_1: 0x9e3779b1n,
  short32_2: 0x85ebca77n,
  short32_3: 0xc2b2ae3dn,
  long64_1: 0x9e3779b185ebca87n,
  long64_2: 0xc2b2ae3d27d4eb4fn,
  long64_3: 0x165667b19e3779f9n,
  long64_4: 0x85ebca77c2b2ae63n,
  long64_5: 0x27d4eb2f165667c5n,
  mix1: 0x165667919e3779f9n,
  mix2: 0x9fb21c651e98df25n,
} as const;

/** The default secret, 192 bytes. */
export const secret: Uint8Array = bytesOfHex(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f' +
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e' +
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
);

/** The lowest 64 bits. */
export function to64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** The product of two integers of 64 bits, its halves joined by exclusive-or. */
export function multiplyWords(a: bigint, b: bigint): bigint {
  const product = a * b;
  return to64(product) ^ (product >> 64n);
}

/** The end of most hashes: every bit of the input reaches every one of the output. */
export function avalanche(hash: bigint): bigint {
  const mixed = to64((hash ^ (hash >> 37n)) * primes.mix1);
  return mixed ^ (mixed >> 32n);
}

/** The end of a hash of XXH64. */
export function avalanche64(hash: bigint): bigint {
  let mixed = to64((hash ^ (hash >> 33n)) * primes.long64_2);
  mixed = to64((mixed ^ (mixed >> 29n)) * primes.long64_3);
  return mixed ^ (mixed >> 32n);
}

/** Four bytes, little-endian. */
export function word32At(data: Uint8Array, position: number): bigint {
  const low = (data[position] ?? 0) | ((data[position + 1] ?? 0) << 8);
  const high = (data[position + 2] ?? 0) | ((data[position + 3] ?? 0) << 8);
  return BigInt(low + high * 0x1_0000);
}

/** Eight bytes, little-endian. */
export function word64At(data: Uint8Array, position: number): bigint {
  return word32At(data, position) | (word32At(data, position + 4) << 32n);
}

/** The bytes of an integer of 32 or 64 bits in the other order. */
export function swapped(value: bigint, bits: 32 | 64): bigint {
  let result = 0n;
  for (let shift = 0; shift < bits; shift += 8) result = (result << 8n) | ((value >> BigInt(shift)) & 0xffn);
  return result;
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, place) =>
    Number.parseInt(hex.slice(2 * place, 2 * place + 2), 16),
  );
}
