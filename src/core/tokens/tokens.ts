/**
 * Tokens: who shows one over TCP acts as its agent. They are one document of the root, which has the digest of each and never the
 * token itself, so who reads the root, or a copy of it, can show none. A token is a random number, which nobody can try out, so
 * the digest needs neither salt nor time.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import type { Token, TokenMade } from '../../contract/security/serving.ts';
import { sameAgent } from '../../model/agent.ts';
import { dayMs, longestMs } from '../../model/basics/limits.ts';
import { isoTime } from '../../model/clock.ts';
import { notFound, usage } from '../../model/refusals.ts';
import { schema } from '../../model/schema.ts';
import { resolveAgent, resolveMailbox } from '../agents/agents.ts';
import { changeDocument, invalidDocument } from '../root/documents.ts';
import { ofMailbox, operation } from '../root/operation.ts';
import type { Session } from '../root/root.ts';

/** One that has expired is listed for so long. */
const keptMs = 30 * dayMs;
const leastMs = 1000;

const documentSchema = schema(() =>
  z.looseObject({
    tokens: z.array(
      z.looseObject({
        id: z.string(),
        agent: z.string(),
        /** Of the whole token, in hexadecimal digits. */
        sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
        madeAt: z.iso.datetime(),
        by: z.optional(z.string()),
        expiresAt: z.optional(z.iso.datetime()),
      }),
    ),
  }),
);
type Kept = z.infer<ReturnType<typeof documentSchema>>['tokens'][number];

export interface TokenOptions {
  /** How long it holds; without it until it is revoked. */
  readonly expiresMs?: number;
}

/** @throws AGENT_NOT_FOUND; USAGE for a time that is none */
export const createToken = operation('token.create', createTokenBody, ofMailbox);

async function createTokenBody(session: Session, agent: string, { expiresMs }: TokenOptions = {}): Promise<TokenMade> {
  const { name } = await resolveAgent(session, agent);
  if (expiresMs !== undefined && !(expiresMs >= leastMs && expiresMs <= longestMs))
    throw usage(
      'A token holds for at least a second and at most ten years.',
      `dreamos token create ${name} --expires 30d`,
    );
  const now = session.store.now();
  const id = session.ids.token();
  const secret = `dreamos_${id}_${randomBytes(32).toString('base64url')}`;
  const { acting } = session;
  const made: Kept = {
    id,
    agent: name,
    sha256: digestOf(secret).toString('hex'),
    madeAt: isoTime(now),
    ...(acting !== undefined && { by: acting }),
    ...(expiresMs !== undefined && { expiresAt: isoTime(now + expiresMs) }),
  };
  await change(session, (all) => [...all, made]);
  return { ...shown(session, made), token: secret };
}

/** The oldest first. @param agent only this one's @throws AGENT_NOT_FOUND, CONFIG_INVALID */
export const listTokens = operation('token.list', listTokensBody);

async function listTokensBody(session: Session, agent?: string): Promise<Token[]> {
  const name = agent === undefined ? undefined : (await resolveMailbox(session, agent)).name;
  const all = await load(session);
  return all.filter((one) => name === undefined || sameAgent(one.agent, name)).map((one) => shown(session, one));
}

export interface TokenRevokeOptions {
  /** Only this one; else all of the agent. */
  readonly id?: string;
}

/** @returns what was revoked @throws TOKEN_NOT_FOUND: there is none of it; AGENT_NOT_FOUND */
export const revokeToken = operation('token.revoke', revokeTokenBody, ofMailbox);

async function revokeTokenBody(session: Session, agent: string, { id }: TokenRevokeOptions = {}): Promise<Token[]> {
  const { name } = await resolveMailbox(session, agent);
  const isMeant = (one: Kept): boolean =>
    sameAgent(one.agent, name) && (id === undefined || one.id === id.toUpperCase());
  const revoked = await remove(session, isMeant);
  if (revoked.length > 0) return revoked.map((one) => shown(session, one));
  const message = id === undefined ? `${name} has no token.` : `${name} has no token ${id}.`;
  throw notFound('TOKEN_NOT_FOUND', message, 'Which there are: dreamos token list');
}

/** One that a program has made for itself, whosever it is by now; no matter whether it is there. */
export async function endToken(session: Session, id: string): Promise<void> {
  await remove(session, (one) => one.id === id);
}

/** What an agent had; also of one that is deleted. @returns how many */
export async function endTokensOf(session: Session, agent: string): Promise<number> {
  return (await remove(session, (one) => sameAgent(one.agent, agent))).length;
}

/** @returns how many */
export async function renameInTokens(session: Session, from: string, to: string): Promise<number> {
  const isIts = (one: Kept): boolean => sameAgent(one.agent, from);
  const { length } = (await load(session)).filter(isIts);
  if (length > 0) await change(session, (all) => all.map((one) => (isIts(one) ? { ...one, agent: to } : one)));
  return length;
}

/** Whose they are. @throws CONFIG_INVALID */
export async function holdersOf(session: Session): Promise<readonly string[]> {
  return (await load(session)).map(({ agent }) => agent);
}

/** What is proved by a token that holds. */
export interface Proved {
  readonly id: string;
  readonly agent: string;
}

/**
 * Whose token it is; `undefined`: nobody's, or it is over. It takes as long for one that is nearly right as for any other.
 * @throws CONFIG_INVALID
 */
export async function provedBy(session: Session, secret: string): Promise<Proved | undefined> {
  const digest = digestOf(secret);
  let found: Kept | undefined;
  for (const one of await load(session)) if (timingSafeEqual(Buffer.from(one.sha256, 'hex'), digest)) found = one;
  return found && !isOver(session, found) ? { id: found.id, agent: found.agent } : undefined;
}

/** Whether a token still proves what it did. @throws CONFIG_INVALID */
export async function holds(session: Session, { id, agent }: Proved): Promise<boolean> {
  const found = (await load(session)).find((one) => one.id === id);
  return found !== undefined && sameAgent(found.agent, agent) && !isOver(session, found);
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function isOver({ store }: Session, { expiresAt }: Kept): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= store.now();
}

function shown(session: Session, one: Kept): Token {
  const { id, agent, madeAt, by = null, expiresAt = null } = one;
  return { id, agent, madeAt, by, expiresAt, expired: isOver(session, one) };
}

async function remove(session: Session, isMeant: (one: Kept) => boolean): Promise<readonly Kept[]> {
  // Who has none makes no document.
  if (!(await load(session)).some(isMeant)) return [];
  let removed: readonly Kept[] = [];
  await change(session, (all) => {
    removed = all.filter(isMeant);
    return all.filter((one) => !isMeant(one));
  });
  return removed;
}

async function change(session: Session, work: (all: readonly Kept[]) => readonly Kept[]): Promise<void> {
  const oldest = session.store.now() - keptMs;
  await changeDocument(session.store.documents, 'tokens', async (value) => {
    const all = work(await parse(session, value));
    return { tokens: all.filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > oldest) };
  });
}

async function load(session: Session): Promise<readonly Kept[]> {
  return parse(session, (await session.store.documents.get('tokens'))?.value);
}

// Each request asks, and gets the same document again.
const parsed = new WeakMap<object, readonly Kept[]>();

async function parse({ store }: Session, document: unknown): Promise<readonly Kept[]> {
  if (document === undefined) return [];
  const known = typeof document === 'object' && document !== null ? parsed.get(document) : undefined;
  if (known) return known;
  const result = documentSchema.safeParse(document);
  // Taken for empty, the next change would revoke all.
  if (!result.success) throw await invalidDocument(store.documents, 'tokens', result.error);
  parsed.set(document as object, result.data.tokens);
  return result.data.tokens;
}
