import { getBuiltinModule } from 'node:process';

/**
 * Loading node:crypto takes 3 ms (Node 20) to 5 ms (24), a tenth of a one-shot command. So a process hashes its first
 * bytes by hand, about 0.1 ms for a small message, and only one that has more to hash loads it.
 */
const mostByHand = 16_384;

let byHand = 0;
let native: ((algorithm: string, data: string | Uint8Array) => string) | undefined;

/** In hex; a text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array): string {
  if (native === undefined) {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    byHand += bytes.length;
    if (byHand <= mostByHand) return digest(bytes);
    native = getBuiltinModule('node:crypto').hash;
  }
  return native('sha256', data);
}

/** FIPS 180-4, sections 5.1.1 and 6.2. */
function digest(bytes: Uint8Array): string {
  const padded = Buffer.alloc(((bytes.length + 72) >> 6) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  padded.writeUInt32BE(bytes.length * 8, padded.length - 4);
  const state = Int32Array.from(initial);
  const words = new Int32Array(64);
  for (let offset = 0; offset < padded.length; offset += 64) addBlock(state, words, padded, offset);
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

// Written out, without calls: a process runs this a few times only, and in V8's interpreter a call is what takes long.
function addBlock(state: Int32Array, words: Int32Array, bytes: Buffer, offset: number): void {
  for (let i = 0, at = offset; i < 16; i++, at += 4) words[i] = bytes.readInt32BE(at);
  for (let i = 16; i < 64; i++) {
    const w2 = words[i - 2] as number;
    const w15 = words[i - 15] as number;
    const s0 = ((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3);
    const s1 = ((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10);
    words[i] = (words[i - 16] as number) + s0 + (words[i - 7] as number) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[i] as number) + (words[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] as number) + word;
}

// The first 32 bits of the fractional parts of the square roots of the first 8 primes, …
const initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

// … and of the cube roots of the first 64.
const constants = Int32Array.from([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
