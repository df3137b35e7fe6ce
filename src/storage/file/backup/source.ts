/** The bytes of a file for a backup, which may be more than the memory holds. */
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import type { OpenFile } from '../disk/disk.ts';

/** So many bytes, had once. */
export interface Source {
  readonly size: number;
  readonly parts: AsyncIterable<Uint8Array>;
}

const partBytes = 256 * 1024;

/** Works with what a file is now; what is no regular file is nobody's mail, and doctor says so. @returns `undefined`: it is gone */
export async function withFile<T>(
  { disk }: FileContext,
  path: string,
  work: (file: OpenFile) => Promise<T>,
): Promise<T | undefined> {
  const file = await disk.open(path);
  if (!file.ok) return undefined;
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

export function wholeOf(path: string, file: OpenFile): Source {
  return { size: file.size, parts: partsOf(path, file) };
}

/**
 * What it held when it was opened, or a part of it: a log grows.
 * @throws DISK_FAILED: somebody has made it shorter
 */
export async function* partsOf(
  path: string,
  { size, read }: OpenFile,
  { from = 0, to = size }: { readonly from?: number; readonly to?: number } = {},
): AsyncGenerator<Buffer, void, void> {
  for (let offset = from; offset < to;) {
    const part = await read(offset, Math.min(partBytes, to - offset));
    if (part.length === 0)
      throw new DreamosError('disk', 'DISK_FAILED', `${path} was made shorter while it was read.`, {
        hint: 'Does something edit files of this root? Try again.',
      });
    offset += part.length;
    yield part;
  }
}

export function inOnePart(bytes: Uint8Array): Source {
  return { size: bytes.length, parts: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

/** Passes parts on, and tells of each. */
export async function* toldEach(
  parts: AsyncIterable<Uint8Array>,
  tell: (part: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const part of parts) {
    tell(part);
    yield part;
  }
}
