/** Reading a backup: all of it is checked before anything is made of it. */
import { sha256 } from '../../../model/basics/sha256.ts';
import { DreamosError } from '../../../model/errors.ts';
import { unseal } from '../../../model/message.ts';
import { about, backupVersion, indexLine, type IndexLine } from '../backup/sighting.ts';
import type { Disk } from '../disk/disk.ts';
import { parseJson } from '../disk/parse-json.ts';
import { readTarGz, spoilt, type TarFile } from '../disk/foreign/tar-gz.ts';
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
      hint: 'Name the file that `dreamos backup` has written.',
    });
  }
  const digests = new Map<string, string>();
  let begunAt: number | undefined;
  let lines: IndexLine[] | undefined;
  for await (const { name, bytes } of readTarGz(path)) {
    if (begunAt === undefined) begunAt = begunAtOf(path, name, bytes);
    else if (name === indexOfBackup) lines = linesOf(path, bytes);
    else digests.set(name, digestOf(path, { name, bytes }));
  }
  if (begunAt === undefined) throw unknown(path);
  const last = lines?.at(-1);
  if (!lines || last?.kind !== 'end') throw spoilt(path, 'its end is missing');
  for (const line of lines) checkLine(path, line, digests);
  return { path, begunAt, endedAt: last.endedAt, lines };
}

function begunAtOf(path: string, name: string, bytes: Uint8Array): number {
  const json = name === aboutBackup ? parseJson(Buffer.from(bytes)) : undefined;
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
    hint: 'Name the file that `dreamos backup` has written.',
  });
}

/** Of a message, checked against its own digest and its name. */
function digestOf(path: string, { name, bytes }: TarFile): string {
  const digest = sha256(bytes);
  if (!isBackedUpBody(name)) return digest;
  try {
    if (backedUpBody(unseal(Buffer.from(bytes)).id, digest) === name) return digest;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    throw spoilt(path, `${name}: ${error.message}`);
  }
  throw spoilt(path, `${name} holds something else`);
}

/** What this version knows of them. */
function linesOf(path: string, bytes: Uint8Array): IndexLine[] {
  const lines: IndexLine[] = [];
  for (const text of Buffer.from(bytes).toString().split('\n').filter(Boolean)) {
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
