/** The small documents of the whole root, which are read, changed and written under a lock: config.json and its like. */
import { DreamosError } from '../../../model/errors.ts';
import { explainIssues } from '../../../model/message.ts';
import { settingsSchema, type Settings } from '../../../model/settings.ts';
import type { DocumentName } from '../../port/store.ts';
import type { FileContext } from '../disk/context.ts';
import type { FileStat } from '../disk/disk.ts';
import { memory } from '../disk/memory.ts';
import { parseJson } from '../disk/parse-json.ts';

export const documentBytes = 1024 * 1024;
// Some ten thousand subscriptions.
const sharedDocumentBytes = 16 * 1024 * 1024;

/** As they were last read. */
const documents = memory(() => new Map<DocumentName, KnownDocument>());

export async function loadSettings(ctx: FileContext): Promise<Settings> {
  const file = await ctx.disk.read(ctx.layout.config, { maxBytes: documentBytes });
  if (!file.ok) {
    if (file.missing) return {};
    throw new DreamosError('invalid', 'CONFIG_INVALID', `config.json cannot be read: ${file.why}.`, {
      hint: 'Run `dreamos doctor`.',
    });
  }
  const parsed = settingsSchema.safeParse(parseJson(file.bytes));
  if (parsed.success) return parsed.data;
  throw new DreamosError('invalid', 'CONFIG_INVALID', `config.json is not valid: ${explainIssues(parsed.error)}.`, {
    hint: `Mend ${ctx.layout.config} by hand, or move it away to use the defaults.`,
  });
}

export async function saveSettings(ctx: FileContext, change: (settings: Settings) => Settings): Promise<Settings> {
  return ctx.disk.withLock(ctx.layout.lock('config'), async () => {
    const settings = change(await loadSettings(ctx));
    await ctx.disk.replace(ctx.layout.config, `${JSON.stringify(settings, null, 2)}\n`);
    return settings;
  });
}

export async function loadDocument(ctx: FileContext, name: DocumentName): Promise<unknown> {
  const path = ctx.layout.document(name);
  const stat = await ctx.disk.stat(path);
  if (!stat) return undefined;
  const known = documents.of(ctx).get(name);
  if (known && isSameFile(known, stat)) return known.value;
  const file = await ctx.disk.read(path, { maxBytes: sharedDocumentBytes });
  const value = file.ok ? parseJson(file.bytes) : undefined;
  // Taken for empty, it would be overwritten by the next change, and what it said would be lost.
  if (value === undefined) {
    throw new DreamosError(
      'invalid',
      'CONFIG_INVALID',
      `${path} ${file.ok ? 'is not JSON' : `cannot be read: ${file.why}`}.`,
      {
        hint: 'Mend it by hand, or move it away to begin anew.',
      },
    );
  }
  const { inode, mtimeMs, size } = stat;
  documents.of(ctx).set(name, { value, inode, mtimeMs, size });
  return value;
}

export async function saveDocument(
  ctx: FileContext,
  name: DocumentName,
  change: (document: unknown) => unknown,
): Promise<void> {
  await ctx.disk.withLock(ctx.layout.lock(name), async () => {
    const document = change(structuredClone(await loadDocument(ctx, name)));
    await ctx.disk.replace(ctx.layout.document(name), `${JSON.stringify(document, null, 2)}\n`);
  });
}

/** Which file a document was read from. */
export type Origin = Pick<FileStat, 'inode' | 'mtimeMs' | 'size'>;

interface KnownDocument extends Origin {
  readonly value: unknown;
}

export function isSameFile(a: Origin, b: Origin): boolean {
  return a.inode === b.inode && a.mtimeMs === b.mtimeMs && a.size === b.size;
}
