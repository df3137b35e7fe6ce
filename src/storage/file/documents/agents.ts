/** Agents' cards. The folder of a mailbox says that there is an agent; the card, what is known of it. */
import { agentCardSchema, agentNamePattern, sameAgent, type AgentCard } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, isRealFolder } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { parseJson } from '../disk/parse-json.ts';
import { mailboxFolders, type Mailbox } from '../names/layout.ts';
import type { Versioned } from '../../port/documents.ts';
import { documentBytes, jsonOf, versionOf } from './documents.ts';
import { replaceDocument, readWhole } from '../disk/replace.ts';
import { pathIn } from '../names/path.ts';

/** A loop does not look at a card again sooner; so long at most what another process changed does not hold here. */
const cardMs = 5;

/** As they were last read, by mailbox. */
const cards = memory(() => new Map<string, KnownCard>());

interface KnownCard {
  readonly card: AgentCard;
  readonly version: string;
  /** When (uptime) it was last seen to be the same. */
  lookedAt: number;
}

/** The names of all mailboxes, sorted. */
export async function mailboxNames(ctx: FileContext): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await ctx.disk.list(ctx.layout.mailboxes)) ?? []) {
    if (!agentNamePattern.test(name)) continue;
    const { dir } = ctx.layout.mailbox(name);
    if (await isRealFolder(ctx, dir)) names.push(name);
    else if (await ctx.disk.stat(dir))
      warnOnce(ctx, `agent_mailboxes/${name} is no folder, so it is no mailbox, and is passed over: dreamos doctor`);
  }
  return names.sort();
}

export async function listAgents(ctx: FileContext): Promise<AgentCard[]> {
  const found: AgentCard[] = [];
  for (const name of await mailboxNames(ctx)) {
    const card = await readCardOrName(ctx, ctx.layout.mailbox(name));
    if (card) found.push(card);
  }
  return found;
}

/** Of many one that the disk does not give hides none of the others; by its own name it is asked for again, and refused. */
async function readCardOrName(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  try {
    return await readCard(ctx, mailbox);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnOnce(ctx, `The card of ${mailbox.name} cannot be read: ${error.message}`);
    return { name: mailbox.name, createdAt: new Date(0).toISOString() };
  }
}

export async function getAgent(ctx: FileContext, name: string): Promise<AgentCard | undefined> {
  if (!agentNamePattern.test(name)) return undefined;
  const card = await readCard(ctx, ctx.layout.mailbox(name));
  if (card) return card;
  const known = (await mailboxNames(ctx)).find((other) => sameAgent(other, name));
  return known === undefined ? undefined : readCard(ctx, ctx.layout.mailbox(known));
}

const noCard = 'none';

/** @param name exact */
export async function getCard(ctx: FileContext, name: string): Promise<Versioned | undefined> {
  if (!agentNamePattern.test(name)) return undefined;
  // Whoever changes it needs the version of now.
  const known = cards.of(ctx).get(name);
  if (known) known.lookedAt = -Infinity;
  const card = await readCard(ctx, ctx.layout.mailbox(name));
  if (!card) return undefined;
  // Without a version its mailbox is there, and its card is not.
  return { value: card, version: cards.of(ctx).get(name)?.version ?? noCard };
}

export async function putCard(
  ctx: FileContext,
  name: string,
  card: unknown,
  version: string | undefined,
): Promise<boolean> {
  return ctx.disk.withLock(ctx.layout.lock('agents'), async () => {
    const known = await getAgent(ctx, name);
    const mailbox = ctx.layout.mailbox(name);
    const stat = known && (await ctx.disk.stat(mailbox.card));
    const now = known && (stat ? versionOf(stat) : noCard);
    if (now !== version || (known && known.name !== name)) return false;
    for (const folder of mailboxFolders) await ensureFolder(ctx, pathIn(mailbox.dir, folder));
    cards.of(ctx).delete(name);
    await replaceDocument(ctx.disk, mailbox.card, jsonOf(card));
    await ctx.disk.syncDir(ctx.layout.mailboxes);
    return true;
  });
}

/** A card that cannot be read is no reason to refuse mail: the folder's name says who it is. */
async function readCard(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  const known = cards.of(ctx).get(mailbox.name);
  const uptime = ctx.clock.uptime();
  if (known && uptime - known.lookedAt < cardMs) return known.card;
  if (!(await isRealFolder(ctx, mailbox.dir))) return undefined;
  const stat = await ctx.disk.stat(mailbox.card);
  // A card is replaced, never changed in place, so another one is another inode. A hit saves a loop the reading and checking.
  if (stat && known?.version === versionOf(stat)) {
    known.lookedAt = uptime;
    return known.card;
  }
  const card = await parseCard(ctx, mailbox);
  if (!stat || !card) cards.of(ctx).delete(mailbox.name);
  else cards.of(ctx).set(mailbox.name, { card, version: versionOf(stat), lookedAt: uptime });
  return card;
}

async function parseCard(ctx: FileContext, mailbox: Mailbox): Promise<AgentCard | undefined> {
  const file = await readWhole(ctx.disk, mailbox.card, { maxBytes: documentBytes });
  const parsed = file.ok ? agentCardSchema.safeParse(parseJson(file.bytes)) : undefined;
  if (parsed?.success) return { ...parsed.data, name: mailbox.name };
  const folder = await ctx.disk.stat(mailbox.dir);
  if (folder?.kind !== 'directory') return undefined;
  if (file.ok || !file.missing)
    warnOnce(ctx, `The card of ${mailbox.name} cannot be read; \`dreamos doctor --fix\` writes a new one.`);
  return { name: mailbox.name, createdAt: new Date(folder.mtimeMs).toISOString() };
}
