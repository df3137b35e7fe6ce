/** What is kept of each change of a document: numbered files, each made once and never changed. */
import { areSettings, type Settings } from '../../../model/settings.ts';
import type { RevisedName } from '../../port/documents.ts';
import { newestInForce, notedVersion } from '../../port/in-force.ts';
import { MailboxGone } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, syncAncestorsOnce } from '../disk/folders.ts';
import { makeDocument } from '../disk/replace.ts';
import { parseRevision, revisionFile, revisionsFolder } from '../names/layout.ts';
import { documentText, readJson } from './text.ts';

/** Settings or a card, and beside them what they replaced, as a text within a text. */
export const revisionBytes = 4 * 1024 * 1024;

export async function revisions(ctx: FileContext, of: RevisedName): Promise<number[]> {
  const names = (await ctx.disk.list(revisionsFolder(ctx.layout, of))) ?? [];
  return names.flatMap((name) => parseRevision(name) ?? []).sort((a, b) => a - b);
}

export async function revision(ctx: FileContext, of: RevisedName, number: number): Promise<unknown> {
  const read = await readJson(ctx, revisionFile(revisionsFolder(ctx.layout, of), number), revisionBytes);
  return 'value' in read ? read.value : undefined;
}

export async function keepRevision(ctx: FileContext, of: RevisedName, number: number, value: object): Promise<boolean> {
  const folder = revisionsFolder(ctx.layout, of);
  const text = documentText(value, 'What is kept of a change', revisionBytes);
  try {
    await ensureFolder(ctx, folder);
  } catch (error) {
    if (error instanceof MailboxGone) return false;
    throw error;
  }
  if (!(await makeDocument(ctx, revisionFile(folder, number), text))) return false;
  await syncAncestorsOnce(ctx, folder, ctx.layout.root);
  return true;
}

interface KeptSettings {
  readonly base: number;
  readonly byHand?: true;
  readonly settings: Settings;
}

/** The newest settings that were in force, as far as that is known, and can be used. */
export async function lastKeptSettings(ctx: FileContext): Promise<Settings | undefined> {
  const get = async (number: number): Promise<KeptSettings | undefined> => {
    const kept = (await revision(ctx, 'settings', number)) as KeptSettings | null | undefined;
    return areSettings(kept?.settings) ? (kept ?? undefined) : undefined;
  };
  const note = await readJson(ctx, ctx.layout.document('in-force'), revisionBytes);
  const noted = notedVersion('value' in note ? note.value : undefined);
  const last = await newestInForce(await revisions(ctx, 'settings'), noted, get);
  return last?.[1].settings;
}
