/** What a packed day of an archive needs: members of gzip, each for itself. */
import { deflateSync, inflateSync } from 'fflate';
import { HostBuffer } from '../buffer.ts';

export function deflateRawSync(bytes: Uint8Array): HostBuffer {
  return HostBuffer.from(deflateSync(bytes));
}

const hasChecksum = 2;
const hasExtra = 4;
const hasName = 8;
const hasComment = 16;

/** Of one member. @throws what Node throws: ERR_BUFFER_TOO_LARGE, Z_DATA_ERROR */
export function gunzipSync(bytes: Uint8Array, { maxOutputLength = Infinity } = {}): HostBuffer {
  const start = headerLength(bytes);
  const end = bytes.length - 8;
  if (end < start) throw dataError('unexpected end of file');
  const trailer = HostBuffer.from(bytes.subarray(end));
  const length = trailer.readUInt32LE(4);
  if (length > maxOutputLength)
    throw Object.assign(new RangeError(`Cannot create a Buffer larger than ${maxOutputLength} bytes`), {
      code: 'ERR_BUFFER_TOO_LARGE',
    });
  // fflate looks at no checksum, and makes no more than there is room for.
  let raw: Uint8Array;
  try {
    raw = inflateSync(bytes.subarray(start, end), { out: new Uint8Array(length) });
  } catch (error) {
    throw dataError((error as Error).message);
  }
  if (raw.length !== length) throw dataError('incorrect length check');
  if (crc32(raw) !== trailer.readUInt32LE(0)) throw dataError('incorrect data check');
  return HostBuffer.from(raw);
}

function headerLength(bytes: Uint8Array): number {
  const [magic, more, method, flags = 0] = bytes;
  if (magic !== 0x1f || more !== 0x8b || method !== 8) throw dataError('incorrect header check');
  let at = 10;
  if (flags & hasExtra) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const text of [hasName, hasComment]) if (flags & text) at = bytes.indexOf(0, at) + 1 || bytes.length;
  return flags & hasChecksum ? at + 2 : at;
}

function dataError(message: string): Error {
  return Object.assign(new Error(message), { code: 'Z_DATA_ERROR' });
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 0xff] as number);
  return ~sum >>> 0;
}
