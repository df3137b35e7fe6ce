/** The small documents of the whole root, which are read, changed and written under a lock: config.json and its like. */
import { DreamosError } from '../../../model/errors.ts';
import { explainIssues } from '../../../model/message.ts';
import { settingsSchema, type Settings } from '../../../model/settings.ts';
import type { Versioned } from '../../port/documents.ts';
import type { FileContext } from '../disk/context.ts';
import type { FileStat, ReadResult } from '../disk/disk.ts';
import { memory } from '../disk/memory.ts';
import { parseJson } from '../disk/parse-json.ts';
import type { RootDocument } from '../names/layout.ts';
import { replaceDocument, readWhole } from '../disk/replace.ts';

export const documentBytes = 1024 * 1024;
// Some ten thousand subscriptions.
const sharedDocumentBytes = 16 * 1024 * 1024;

/** As they were last read. */
const documents = memory(() => new Map<RootDocument, Versioned>());

/** @throws CONFIG_INVALID */
export async function getDocument(ctx: FileContext, name: RootDocument): Promise<Versioned | undefined> {
  const path = ctx.layout.document(name);
  const stat = await ctx.disk.stat(path);
  if (!stat) return undefined;
  const version = versionOf(stat);
  const known = documents.of(ctx).get(name);
  if (known?.version === version) return known;
  const document = { value: await readDocument(ctx, name, path), version };
  documents.of(ctx).set(name, document);
  return document;
}

export async function putDocument(
  ctx: FileContext,
  name: RootDocument,
  value: unknown,
  version: string | undefined,
): Promise<boolean> {
  const path = ctx.layout.document(name);
  return ctx.disk.withLock(ctx.layout.lock(name), () =>
    replaceDocument(ctx, path, jsonOf(value), () => hasVersion(ctx, path, version)),
  );
}

export function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** @param version `undefined`: it is not there */
export async function hasVersion(ctx: FileContext, path: string, version: string | undefined): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return (stat && versionOf(stat)) === version;
}

/** A document is replaced, never changed in place, so another one is another file. */
export function versionOf({ inode, mtimeMs, size }: FileStat): string {
  return `${inode}.${mtimeMs}.${size}`;
}

async function readDocument(ctx: FileContext, name: RootDocument, path: string): Promise<unknown> {
  const file = await readWhole(ctx.disk, path, { maxBytes: name === 'settings' ? documentBytes : sharedDocumentBytes });
  const value = file.ok ? parseJson(file.bytes) : undefined;
  if (name === 'settings') return settingsIn(file, value, path);
  // Taken for empty, it would be overwritten by the next change, and what it said would be lost.
  if (value !== undefined) return value;
  throw new DreamosError(
    'invalid',
    'CONFIG_INVALID',
    `${path} ${file.ok ? 'is not JSON' : `cannot be read: ${file.why}`}.`,
    { hint: 'Mend it by hand, or move it away to begin anew.' },
  );
}

function settingsIn(file: ReadResult, value: unknown, path: string): Settings {
  if (!file.ok) {
    if (file.missing) return {};
    throw new DreamosError('invalid', 'CONFIG_INVALID', `config.json cannot be read: ${file.why}.`, {
      hint: 'Run `dreamos doctor`.',
    });
  }
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DreamosError('invalid', 'CONFIG_INVALID', `config.json is not valid: ${explainIssues(parsed.error)}.`, {
    hint: `Mend ${path} by hand, or move it away to use the defaults.`,
  });
}
