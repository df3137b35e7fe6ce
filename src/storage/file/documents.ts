/** The small documents that are read, changed and written under a lock: agents' cards and config.json. */
import { agentCardSchema, agentNamePattern, sameAgent, type AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { explainIssues } from '../../model/message.ts';
import { settingsSchema, type Settings } from '../../model/settings.ts';
import type { DocumentName } from '../store.ts';
import type { FileContext } from './context.ts';
import type { FileStat } from './disk.ts';
import { ensureFolder, isRealFolder } from './folders.ts';
import { mailboxFolders, type Mailbox } from './layout.ts';
import { parseJson } from './parse-json.ts';

const documentBytes = 1024 * 1024;
// Some ten thousand subscriptions.
const sharedDocumentBytes = 16 * 1024 * 1024;
/** A loop does not look at a card again sooner; so long at most what another process changed does not hold here. */
const cardMs = 5;

/** The names of all mailboxes, sorted. */
export async function mailboxNames(ctx: FileContext): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await ctx.disk.list(ctx.layout.mailboxes)) ?? []) {
    if (agentNamePattern.test(name) && (await isRealFolder(ctx, ctx.layout.mailbox(name).dir))) names.push(name);
  }
  return names.sort();
}

export async function listAgents(ctx: FileContext): Promise<AgentCard[]> {
  const cards: AgentCard[] = [];
  for (const name of await mailboxNames(ctx)) {
    const card = await readCard(ctx, ctx.layout.mailbox(name));
    if (card) cards.push(card);
  }
  return cards;
}

export async function getAgent(ctx: FileContext, name: string): Promise<AgentCard | undefined> {
  if (!agentNamePattern.test(name)) return undefined;
  const card = await readCard(ctx, ctx.layout.mailbox(name));
  if (card) return card;
  const known = (await mailboxNames(ctx)).find((other) => sameAgent(other, name));
  return known === undefined ? undefined : readCard(ctx, ctx.layout.mailbox(known));
}

export async function saveAgent(
  ctx: FileContext,
  name: string,
  change: (card: AgentCard | undefined) => AgentCard,
): Promise<AgentCard> {
  return ctx.disk.withLock(ctx.layout.lock('agents'), async () => {
    const before = await getAgent(ctx, name);
    const card = change(before);
    const mailbox = ctx.layout.mailbox(before?.name ?? name);
    for (const folder of mailboxFolders) await ensureFolder(ctx, `${mailbox.dir}/${folder}`);
    ctx.cards.delete(mailbox.name);
    await ctx.disk.replace(mailbox.card, `${JSON.stringify(card, null, 2)}\n`);
    await ctx.disk.syncDir(ctx.layout.mailboxes);
    return card;
  });
}

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
  const known = ctx.documents.get(name);
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
  ctx.documents.set(name, { value, inode, mtimeMs, size });
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

/** A card that cannot be read is no reason to refuse mail: the folder's name says who it is. */
async function readCard(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  const known = ctx.cards.get(mailbox.name);
  const uptime = ctx.clock.uptime();
  if (known && uptime - known.lookedAt < cardMs) return known.card;
  if (!(await isRealFolder(ctx, mailbox.dir))) return undefined;
  const stat = await ctx.disk.stat(mailbox.card);
  // A card is replaced, never changed in place, so another one is another inode. A hit saves a loop the reading and checking.
  if (stat && known && isSameFile(known, stat)) {
    known.lookedAt = uptime;
    return known.card;
  }
  const card = await parseCard(ctx, mailbox);
  if (!stat || !card) ctx.cards.delete(mailbox.name);
  else {
    const { inode, mtimeMs, size } = stat;
    ctx.cards.set(mailbox.name, { card, inode, mtimeMs, size, lookedAt: uptime });
  }
  return card;
}

/** Which file a document was read from. */
type Origin = Pick<FileStat, 'inode' | 'mtimeMs' | 'size'>;

export interface KnownCard extends Origin {
  readonly card: AgentCard;
  /** When (uptime) it was last seen to be the same. */
  lookedAt: number;
}

export interface KnownDocument extends Origin {
  readonly value: unknown;
}

function isSameFile(a: Origin, b: Origin): boolean {
  return a.inode === b.inode && a.mtimeMs === b.mtimeMs && a.size === b.size;
}

async function parseCard(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  const file = await ctx.disk.read(mailbox.card, { maxBytes: documentBytes });
  const parsed = file.ok ? agentCardSchema.safeParse(parseJson(file.bytes)) : undefined;
  if (parsed?.success) return { ...parsed.data, name: mailbox.name };
  const folder = await ctx.disk.stat(mailbox.dir);
  if (folder?.kind !== 'directory') return undefined;
  if (file.ok || !file.missing)
    ctx.warn(`The card of ${mailbox.name} cannot be read; \`dreamos doctor --fix\` writes a new one.`);
  return { name: mailbox.name, createdAt: new Date(folder.mtimeMs).toISOString() };
}
