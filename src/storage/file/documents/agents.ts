/** Agents' cards. The folder of a mailbox says that there is an agent; the card, what is known of it. */
import { agentCardSchema, agentNamePattern, sameAgent, type AgentCard } from '../../../model/agent.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, isRealFolder } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { parseJson } from '../disk/parse-json.ts';
import { mailboxFolders, type Mailbox } from '../names/layout.ts';
import { documentBytes, isSameFile, type Origin } from './documents.ts';

/** A loop does not look at a card again sooner; so long at most what another process changed does not hold here. */
const cardMs = 5;

/** As they were last read, by mailbox. */
const cards = memory(() => new Map<string, KnownCard>());

interface KnownCard extends Origin {
  readonly card: AgentCard;
  /** When (uptime) it was last seen to be the same. */
  lookedAt: number;
}

/** The names of all mailboxes, sorted. */
export async function mailboxNames(ctx: FileContext): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await ctx.disk.list(ctx.layout.mailboxes)) ?? []) {
    if (agentNamePattern.test(name) && (await isRealFolder(ctx, ctx.layout.mailbox(name).dir))) names.push(name);
  }
  return names.sort();
}

export async function listAgents(ctx: FileContext): Promise<AgentCard[]> {
  const found: AgentCard[] = [];
  for (const name of await mailboxNames(ctx)) {
    const card = await readCard(ctx, ctx.layout.mailbox(name));
    if (card) found.push(card);
  }
  return found;
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
    cards.of(ctx).delete(mailbox.name);
    await ctx.disk.replace(mailbox.card, `${JSON.stringify(card, null, 2)}\n`);
    await ctx.disk.syncDir(ctx.layout.mailboxes);
    return card;
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
  if (stat && known && isSameFile(known, stat)) {
    known.lookedAt = uptime;
    return known.card;
  }
  const card = await parseCard(ctx, mailbox);
  if (!stat || !card) cards.of(ctx).delete(mailbox.name);
  else {
    const { inode, mtimeMs, size } = stat;
    cards.of(ctx).set(mailbox.name, { card, inode, mtimeMs, size, lookedAt: uptime });
  }
  return card;
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
