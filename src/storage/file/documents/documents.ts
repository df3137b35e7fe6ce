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

/** Of a card, and of the settings. What is larger is read by nobody, and so written by nobody; also below. */
export const documentBytes = 1024 * 1024;
// Some ten thousand subscriptions.
const sharedDocumentBytes = 16 * 1024 * 1024;

function mostBytesOf(name: RootDocument): number {
  return name === 'settings' ? documentBytes : sharedDocumentBytes;
}

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
  const parsed = name === 'settings' ? settingsSchema.safeParse(value) : undefined;
  if (parsed?.error) throw unreadable('The settings', explainIssues(parsed.error));
  const text = documentText(value, `All ${name} together`, mostBytesOf(name));
  return ctx.disk.withLock(ctx.layout.lock(name), async () => {
    const stat = await ctx.disk.stat(path);
    if ((stat && versionOf(stat)) !== version) return false;
    await replaceDocument(ctx.disk, path, text);
    return true;
  });
}

/** A document as its file holds it. @throws CONFIG_INVALID: it would be too large for its reader */
export function documentText(value: unknown, what: string, mostBytes: number): string {
  let text: string | undefined;
  try {
    text = `${JSON.stringify(value, null, 2)}\n`;
  } catch (error) {
    // What is deep is indented, and may be longer than any text.
    if (!(error instanceof RangeError)) throw error;
  }
  if (text !== undefined && Buffer.byteLength(text) <= mostBytes) return text;
  throw unreadable(what, `at most ${mostBytes} bytes are read back, and this would be more`);
}

/** What no reader would take is not written. */
export function unreadable(what: string, why: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${what} cannot be written so: ${why}. Nothing was changed.`, {
    hint: 'Make it shorter, or keep it in a file and name its path.',
  });
}

/** A document is replaced, never changed in place, so another one is another file. */
export function versionOf({ inode, mtimeMs, size }: FileStat): string {
  return `${inode}.${mtimeMs}.${size}`;
}

async function readDocument(ctx: FileContext, name: RootDocument, path: string): Promise<unknown> {
  const file = await readWhole(ctx.disk, path, { maxBytes: mostBytesOf(name) });
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
