import * as host from 'dreamos:host';
import { HostBuffer } from '../buffer.ts';

export function randomFillSync<T extends Uint8Array>(bytes: T): T {
  host.random(bytes);
  return bytes;
}

/** @returns hex */
export function hash(algorithm: string, data: string | Uint8Array): string {
  const bytes = typeof data === 'string' ? HostBuffer.from(data) : data;
  if (algorithm === 'sha256') return host.sha256(bytes, 0, bytes.length);
  if (algorithm === 'sha1') return host.sha1(bytes, 0, bytes.length);
  return host.toNode(`the digest ${algorithm}`);
}

/** Of texts and bytes, in as many parts as it takes. */
export function createHash(algorithm: string): Hash {
  return new Hash(algorithm);
}

class Hash {
  readonly #algorithm: string;
  readonly #parts: Uint8Array[] = [];

  constructor(algorithm: string) {
    this.#algorithm = algorithm;
  }

  update(data: string | Uint8Array): this {
    this.#parts.push(typeof data === 'string' ? HostBuffer.from(data) : data);
    return this;
  }

  digest(): HostBuffer;
  digest(encoding: 'hex'): string;
  digest(encoding?: 'hex'): HostBuffer | string {
    const hex = hash(this.#algorithm, HostBuffer.concat(this.#parts));
    return encoding === 'hex' ? hex : HostBuffer.from(hex, 'hex');
  }
}
