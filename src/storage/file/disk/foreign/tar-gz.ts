/** A .tar.gz, as any tar reads and writes it. The only user of modern-tar. */
import { createReadStream, createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import { DreamosError } from '../../../../model/errors.ts';
import { diskError } from '../disk-error.ts';
import { fileMode } from '../logs.ts';

/** To be written: whole, or in parts that are so long together. */
export type TarFile =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly size: number; readonly parts: AsyncIterable<Uint8Array> };

/** One that was read; its parts are had once, before the next one. */
export interface TarEntry {
  readonly name: string;
  readonly parts: AsyncIterable<Uint8Array>;
}

/**
 * Writes one under a free name, and syncs it; its folder is not. What fails is thrown, and may leave a part of it.
 * @param fill is called once, and resolves when all is added; one at a time
 */
export async function writeTarGz(
  path: string,
  fill: (add: (file: TarFile) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { readable, controller } = createTarPacker();
  const out = createWriteStream(path, { flags: 'wx', mode: fileMode, flush: true });
  let broken: unknown;
  let added = 0;
  const written = pipeline(inLargeParts(readable), createGzip(), out).catch((error: unknown) => {
    broken ??= error;
    controller.error(error);
  });
  try {
    await fill(async (file) => {
      const { size, parts } = 'bytes' in file ? { size: file.bytes.length, parts: [file.bytes] } : file;
      const body = controller.add({ name: file.name, size, mode: fileMode, type: 'file' }).getWriter();
      for await (const part of parts) if (part.length > 0) await body.write(part);
      await body.close();
      // For whoever takes them out: of a long queue each takes longer, and a signal would not be heard.
      if (++added % queued === 0) await new Promise((resolve) => setImmediate(resolve));
    });
    controller.finalize();
  } catch (error) {
    // What the disk said comes first: all that follows fails because of it.
    broken ??= error;
    controller.error(error);
  }
  await written;
  if (broken !== undefined) throw diskError(broken, path, 'write');
}

/** Its files, in their order. @throws CORRUPT: it is cut off or damaged, which may show at its end only; DISK_FAILED */
export async function* readTarGz(path: string): AsyncGenerator<TarEntry, void, void> {
  const decoder = createTarDecoder({ strict: true });
  let broken: unknown;
  const source = createReadStream(path);
  let failed: unknown;
  source.on('error', (error) => (failed = error));
  const read = pipeline(source, createGunzip(), Writable.fromWeb(decoder.writable as never)).catch(
    (error: unknown) => (broken ??= error),
  );
  const verdict = async (error: unknown): Promise<unknown> => {
    broken ??= error;
    source.destroy();
    await read;
    return failed === undefined ? spoilt(path, (broken as Error).message) : diskError(failed, path, 'read');
  };
  const entries = orElse(decoder.readable, verdict);
  try {
    for await (const { header, body } of entries) {
      const parts = orElse(body, verdict);
      if (header.type === 'file') yield { name: header.name, parts };
      // What nobody wanted lies before the next one.
      for await (const _ of parts);
    }
    await read;
    if (broken !== undefined) throw await verdict(broken);
  } finally {
    source.destroy();
  }
}

/** What a stream gives; where it breaks, `verdict` says what to throw. */
async function* orElse<T>(
  stream: ReadableStream<T>,
  verdict: (error: unknown) => Promise<unknown>,
): AsyncGenerator<T, void, void> {
  const reader = stream.getReader();
  for (;;) {
    const next = await reader.read().catch(async (error: unknown) => {
      throw await verdict(error);
    });
    if (next.done) return;
    yield next.value;
  }
}

/** What comes in parts, as one. */
export async function gathered(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** Of a backup that cannot be read. */
export function spoilt(path: string, why: string): DreamosError {
  return new DreamosError('invalid', 'CORRUPT', `${path} is not a whole backup: ${why}.`, {
    hint: 'Nothing was restored. Use another backup; `tar -tzf` shows how far this one can be read.',
  });
}

// Each write is a turn of zlib in another thread; headers alone are 512 bytes each.
const partBytes = 64 * 1024;
const queued = 16;

async function* inLargeParts(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    parts.push(part);
    bytes += part.length;
    if (bytes < partBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}
