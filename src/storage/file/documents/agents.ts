/** Agents' cards. The folder of a mailbox says that there is an agent; the card, what is known of it. */
import { agentCardSchema, agentNamePattern, sameAgent, type AgentCard } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import { explainIssues } from '../../../model/message.ts';
import { misspeltSettings, settingFault, wrongSettings } from '../../../model/settings.ts';
import type * as z from 'zod/mini';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, ensureMailbox, forgetFolder, forgetMoved, isRealFolder } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { pathIn } from '../names/path.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { mailboxFolders, type Mailbox } from '../names/layout.ts';
import type { Versioned } from '../../port/documents.ts';
import { misspelt } from '../../port/refusals.ts';
import { hasVersion, isGone, type Missable, versionOf } from './documents.ts';
import { documentBytes, documentText, locateIn, readJson, unreadable } from './text.ts';
import { replaceDocument } from '../disk/replace.ts';
import type { FileStat } from '../disk/disk.ts';
import { cardLeftover, corruptCard } from '../names/beside.ts';

/** A loop does not look at a card again sooner; so long at most what another process changed does not hold here. */
const cardMs = 5;

/** As they were last read, by mailbox. */
const cards = memory(() => new Map<string, KnownCard>());

interface KnownCard extends Missable {
  readonly card: AgentCard;
  readonly version: string;
  /** When (uptime) it was last seen to be the same. */
  lookedAt: number;
}

/**
 * The names of all mailboxes, sorted.
 * @param isWanted who asks for one of thousands looks at no other
 */
export async function mailboxNames(
  ctx: FileContext,
  isWanted: (name: string) => boolean = () => true,
): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await ctx.disk.list(ctx.layout.mailboxes)) ?? []) {
    if (!isWanted(name) || !agentNamePattern.test(name)) continue;
    const dir = pathIn(ctx.layout.mailboxes, name);
    if (await isRealFolder(ctx, dir)) names.push(name);
    else if (await ctx.disk.stat(dir))
      warnOnce(ctx, `agent_mailboxes/${name} is no folder, so it is no mailbox, and is passed over: dreamos doctor`);
  }
  return names.sort();
}

/** As the names of one agent are, however it is cased. */
export function alike(name: string): (other: string) => boolean {
  return (other) => sameAgent(other, name);
}

export async function listAgents(ctx: FileContext, starting = ''): Promise<AgentCard[]> {
  const found: AgentCard[] = [];
  for (const name of await mailboxNames(ctx, (one) => one.startsWith(starting))) {
    const card = await readCardOrName(ctx, ctx.layout.mailbox(name));
    if (card) found.push(card);
  }
  return found;
}

/** Of many one that the disk does not give hides none of the others; by its own name it is asked for again, and refused. */
async function readCardOrName(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  try {
    return justRead(ctx, mailbox.name) ?? (await readCard(ctx, mailbox));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnOnce(ctx, `The card of ${mailbox.name} cannot be read: ${error.message}`);
    return { name: mailbox.name, createdAt: new Date(0).toISOString() };
  }
}

export async function getAgent(ctx: FileContext, name: string): Promise<AgentCard | undefined> {
  if (!agentNamePattern.test(name)) return undefined;
  const card = justRead(ctx, name) ?? (await readCard(ctx, ctx.layout.mailbox(name)));
  if (card) return card;
  const [known] = await mailboxNames(ctx, alike(name));
  return known === undefined ? undefined : (justRead(ctx, known) ?? readCard(ctx, ctx.layout.mailbox(known)));
}

const noCard = 'none';

/** @param name exact */
export async function getCard(ctx: FileContext, name: string): Promise<Versioned | undefined> {
  if (!agentNamePattern.test(name)) return undefined;
  // Whoever changes it needs the version of now.
  const card = await readCard(ctx, ctx.layout.mailbox(name));
  if (!card) return undefined;
  // Without a version its mailbox is there, and its card is not.
  const version = cards.of(ctx).get(name)?.version;
  return version === undefined ? { value: card, version: noCard, isAssumed: true } : { value: card, version };
}

export async function putCard(
  ctx: FileContext,
  name: string,
  card: unknown,
  version: string | undefined,
): Promise<boolean> {
  const mailbox = ctx.layout.mailbox(name);
  const parsed = agentCardSchema.safeParse(card);
  if (!parsed.success) throw unreadable(`The card of ${name}`, explainIssues(parsed.error));
  const text = documentText(card, `The card of ${name}`, documentBytes);
  const isAsRead = async (): Promise<boolean> => {
    if (!(await hasVersion(ctx, mailbox.card, version === noCard ? undefined : version))) return false;
    // Looked at again behind the making of its own folders: of two that come at once, one at least sees the other.
    return version !== undefined || !(await hasOtherCase(ctx, name));
  };
  return ctx.disk.withLock(ctx.layout.lock('agents'), async () => {
    if (version === undefined && (await hasOtherCase(ctx, name))) return false;
    try {
      // There may have been one that has another name by now.
      if (version === undefined) forgetMoved(ctx, mailbox.dir);
      if (version === undefined) await ensureMailbox(ctx, mailbox.dir);
      for (const folder of mailboxFolders) await ensureFolder(ctx, pathIn(mailbox.dir, folder));
      cards.of(ctx).delete(name);
      if (await replaceCard(ctx, mailbox, text, isAsRead)) {
        await ctx.disk.syncDir(ctx.layout.mailboxes);
        return true;
      }
    } catch (error) {
      // Why it failed is told, not what became of the folders.
      if (version === undefined) await removeHalfMade(ctx, mailbox).catch(() => undefined);
      throw error;
    }
    if (version === undefined && (await hasOtherCase(ctx, name))) await removeEmpty(ctx, mailbox);
    return false;
  });
}

async function replaceCard(
  ctx: FileContext,
  mailbox: Mailbox,
  text: string,
  isAsRead: () => Promise<boolean>,
): Promise<boolean> {
  const found = await ctx.disk.stat(mailbox.card);
  const written = found && (await readCardFile(ctx, mailbox));
  // Gone since it was seen: whoever changes it looks again.
  if (written?.missing) return false;
  if (written?.fault === undefined) return replaceDocument(ctx, mailbox.card, text, isAsRead);
  return (await isAsRead()) && replaceSpoiltCard(ctx, mailbox, text, found);
}

/** What was found is no card, and is kept in corrupt/. @returns `false`: it is another one by now, and nothing was changed */
export async function replaceSpoiltCard(
  ctx: FileContext,
  mailbox: Mailbox,
  text: string,
  found: FileStat | undefined,
): Promise<boolean> {
  const aside = corruptCard(mailbox, ctx.ids.token());
  await ensureFolder(ctx, mailbox.corrupt);
  let version = found && versionOf(found);
  // A file gets a second name, so that it is replaced, whatever comes between; a folder or a link has to go first.
  if (found?.kind === 'file') await ctx.disk.link(mailbox.card, aside);
  else if (found && (await ctx.disk.rename(mailbox.card, aside))) version = undefined;
  const isAsFound = (): Promise<boolean> => hasVersion(ctx, mailbox.card, version);
  const done = await replaceDocument(ctx, mailbox.card, text, isAsFound);
  if (!done && found?.kind === 'file') await ctx.disk.remove(aside);
  return done;
}

async function hasOtherCase(ctx: FileContext, name: string): Promise<boolean> {
  return (await mailboxNames(ctx, alike(name))).some((other) => other !== name);
}

/** The folders of a mailbox whose card the disk did not take: they would be an agent that nobody was told of. */
async function removeHalfMade(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  if (await ctx.disk.stat(mailbox.card)) return;
  for (const name of (await ctx.disk.list(mailbox.dir)) ?? [])
    if (cardLeftover(name) === 'certainly') await ctx.disk.remove(pathIn(mailbox.dir, name));
  await removeEmpty(ctx, mailbox);
}

/** The folders of a mailbox that has come to nothing, or second to one whose name differs in case alone. */
async function removeEmpty(ctx: FileContext, { dir }: Mailbox): Promise<void> {
  for (const folder of [...mailboxFolders.map((one) => pathIn(dir, one)), dir])
    if (await ctx.disk.removeDir(folder)) forgetFolder(ctx, folder);
}

/** It has another name: what was read of it here says nothing any more. */
export function forgetCard(ctx: FileContext, name: string): void {
  cards.of(ctx).delete(name);
}

/** A card as it was a moment ago: not looked at again, whether it still is the same. */
function justRead(ctx: FileContext, name: string): AgentCard | undefined {
  const known = cards.of(ctx).get(name);
  return known && ctx.clock.uptime() - known.lookedAt < cardMs ? known.card : undefined;
}

/** A card that cannot be read is no reason to refuse mail: the folder's name says who it is. */
async function readCard(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  const known = cards.of(ctx).get(mailbox.name);
  const uptime = ctx.clock.uptime();
  if (!(await isRealFolder(ctx, mailbox.dir))) return undefined;
  const stat = await ctx.disk.stat(mailbox.card);
  // A card is replaced, never changed in place, so another one is another inode. A hit saves a loop the reading and checking.
  const isAsKnown = known && (stat ? known.version === versionOf(stat) : !isGone(ctx, known));
  // With its mailbox it has gone for good.
  if (known && isAsKnown && (stat || (await ctx.disk.stat(mailbox.dir)))) {
    if (stat) known.missedAt = undefined;
    known.lookedAt = uptime;
    return known.card;
  }
  const written = await readCardFile(ctx, mailbox);
  if (!written) return void cards.of(ctx).delete(mailbox.name);
  await tellFaults(ctx, mailbox, written, known !== undefined);
  // Somebody is at it with an editor: as long as it is no card, what it was holds for who has seen it.
  const card = written.fault !== undefined && !written.missing && known ? known.card : written.card;
  if (!stat) cards.of(ctx).delete(mailbox.name);
  else cards.of(ctx).set(mailbox.name, { card, version: versionOf(stat), lookedAt: uptime });
  return card;
}

async function tellFaults(
  ctx: FileContext,
  { name, card: path }: Mailbox,
  { card, fault, missing }: WrittenCard,
  wasKnown: boolean,
): Promise<void> {
  if (fault !== undefined && !missing) {
    const holds = wasKnown ? 'what it said before' : 'what else it says';
    ctx.warn(
      `The card of ${name} cannot be used as it is (${path}, ${fault}); ${holds} holds. Mend it there; or \`dreamos doctor --fix\` writes a new one.`,
    );
  }
  for (const one of misspeltSettings(card.settings ?? {}))
    ctx.warn(misspelt(await locateIn(ctx, path, ['settings', one.name]), one));
}

/** A card, and what is wrong with its file. */
export interface WrittenCard {
  /** Of a file that is not as it should be, what of it can be used. */
  readonly card: AgentCard;
  readonly fault?: string;
  readonly missing: boolean;
}

/** @returns `undefined`: there is no mailbox */
export async function readCardFile(
  ctx: FileContext,
  { name, dir, card: path }: Mailbox,
): Promise<WrittenCard | undefined> {
  const read = await readJson(ctx, path, documentBytes);
  const value = 'value' in read ? read.value : undefined;
  const written = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const parsed = agentCardSchema.safeParse(written);
  if (parsed.success) return { card: { ...parsed.data, name }, missing: false };
  const folder = await ctx.disk.stat(dir);
  if (folder?.kind !== 'directory') return undefined;
  const card = { createdAt: new Date(folder.mtimeMs).toISOString(), ...usable(written, parsed.error.issues), name };
  if (!('value' in read)) {
    return { card, fault: read.at === undefined ? read.fault : `${read.at}: ${read.fault}`, missing: read.missing };
  }
  const [issue] = parsed.error.issues;
  const { at } = await locateIn(ctx, path, issue?.path ?? []);
  return { card, fault: `${at}: ${explain(written, issue)}`, missing: false };
}

type Issue = Pick<z.core.$ZodIssue, 'path' | 'message'>;

/** Without the fields, settings and groups that are wrong. */
function usable(written: object, issues: readonly Issue[]): object {
  const left = structuredClone(written);
  // The last item of a list first, because those behind it move up.
  for (const { path: field } of [...issues].reverse()) {
    const last = field.at(-1) ?? '';
    const around = field.slice(0, -1).reduce((inner, key) => Reflect.get(inner, key) as object, left);
    if (Array.isArray(around)) around.splice(Number(last), 1);
    else Reflect.deleteProperty(around, last);
  }
  return left;
}

function explain(card: { readonly settings?: object }, issue?: Issue): string {
  const [field, key] = issue?.path ?? [];
  const wrong = field === 'settings' ? wrongSettings(card.settings ?? {}).find((name) => name === key) : undefined;
  if (wrong !== undefined) return `settings.${settingFault(wrong, Reflect.get(card.settings ?? {}, wrong))}`;
  return issue ? `${issue.path.join('.')}: ${issue.message}` : '';
}
