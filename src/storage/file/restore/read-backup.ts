/** Reading a backup: all of it is checked before anything is made of it. */
import { sha256, startSha256 } from '../../../model/basics/sha256.ts';
import { DreamosError } from '../../../model/errors.ts';
import { unseal } from '../../../model/message.ts';
import { about, backupVersion, indexLine, type IndexLine } from '../backup/sighting.ts';
import type { Disk } from '../disk/disk.ts';
import { parseJson } from '../disk/parse-json.ts';
import { gathered, readTarGz, spoilt, type TarEntry } from '../disk/foreign/tar-gz.ts';
import { aboutBackup, backedUpBody, indexOfBackup, isBackedUpBody } from '../names/backup-name.ts';

export interface Backup {
  readonly path: string;
  readonly begunAt: number;
  readonly endedAt: number;
  readonly lines: readonly IndexLine[];
}

/** @throws SOURCE_NOT_FOUND; CORRUPT: cut off or changed; FORMAT_UNKNOWN, FORMAT_TOO_NEW; DISK_FAILED */
export async function readBackup(disk: Disk, path: string): Promise<Backup> {
  const kind = (await disk.stat(path))?.kind;
  if (kind === undefined || kind === 'directory') {
    const what = kind === undefined ? 'is not there' : 'is a folder';
    throw new DreamosError('not-found', 'SOURCE_NOT_FOUND', `There is no backup to restore: ${path} ${what}.`, {
      hint: 'Name the file that a backup has written.',
    });
  }
  const digests = new Map<string, string>();
  let begunAt: number | undefined;
  let lines: IndexLine[] | undefined;
  for await (const { name, parts } of readTarGz(path)) {
    if (begunAt === undefined)
      begunAt = begunAtOf(path, name, name === aboutBackup ? await gathered(parts) : undefined);
    else if (name === indexOfBackup) lines = linesOf(path, await gathered(parts));
    else digests.set(name, await digestOf(path, { name, parts }));
  }
  if (begunAt === undefined) throw unknown(path);
  const last = lines?.at(-1);
  if (!lines || last?.kind !== 'end') throw spoilt(path, 'its end is missing');
  for (const line of lines) checkLine(path, line, digests);
  return { path, begunAt, endedAt: last.endedAt, lines };
}

function begunAtOf(path: string, name: string, bytes: Buffer | undefined): number {
  const json = name === aboutBackup && bytes ? parseJson(bytes) : undefined;
  const parsed = about().safeParse(json);
  if (!parsed.success) throw unknown(path);
  const { version, begunAt } = parsed.data;
  if (version <= backupVersion) return begunAt;
  const message = `The backup ${path} has version ${version}; this dreamos knows ${backupVersion}.`;
  throw new DreamosError('invalid', 'FORMAT_TOO_NEW', message, {
    hint: 'Update dreamos: npm install -g dreamos@latest',
  });
}

function unknown(path: string): DreamosError {
  return new DreamosError('invalid', 'FORMAT_UNKNOWN', `${path} does not begin as a backup of dreamos does.`, {
    hint: 'Name the file that a backup has written.',
  });
}

/** Of a message, checked against its own digest and its name. */
async function digestOf(path: string, { name, parts }: TarEntry): Promise<string> {
  if (!isBackedUpBody(name)) return digestOfParts(parts);
  const bytes = await gathered(parts);
  const digest = sha256(bytes);
  try {
    if (backedUpBody(unseal(bytes).id, digest) === name) return digest;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    throw spoilt(path, `${name}: ${error.message}`);
  }
  throw spoilt(path, `${name} holds something else`);
}

async function digestOfParts(parts: AsyncIterable<Uint8Array>): Promise<string> {
  const hashing = startSha256();
  for await (const part of parts) hashing.update(part);
  return hashing.hex();
}

/** What this version knows of them. */
function linesOf(path: string, bytes: Buffer): IndexLine[] {
  const lines: IndexLine[] = [];
  for (const text of bytes.toString().split('\n').filter(Boolean)) {
    const parsed = indexLine().safeParse(parseJson(Buffer.from(text)));
    if (!parsed.success) throw spoilt(path, `${indexOfBackup} cannot be read at its line ${lines.length + 1}`);
    lines.push(parsed.data);
  }
  return lines;
}

function checkLine(path: string, line: IndexLine, digests: ReadonlyMap<string, string>): void {
  if (line.kind === 'seen' || line.kind === 'key') {
    if (!digests.has(line.body)) throw spoilt(path, `${line.body} is missing`);
  } else if (line.kind === 'file' && digests.get(line.path) !== line.sha256) {
    throw spoilt(path, digests.has(line.path) ? `${line.path} has changed` : `${line.path} is missing`);
  }
}
