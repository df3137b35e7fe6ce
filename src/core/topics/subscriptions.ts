/** Who gets what is published: one document of the whole root, so that a publish reads one small file. */
import type { SubscriptionChange } from '../../contract/system.ts';
import * as z from 'zod/mini';
import { agentNamePattern, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { schema } from '../../model/schema.ts';
import { parseTopicPattern, topicMatches } from '../../model/topic.ts';
import { createAddressBook } from '../agents/address-book.ts';
import { resolveAgent } from '../agents/agents.ts';
import { nearestName, notFound } from '../../model/refusals.ts';
import type { Session } from '../root/root.ts';
import { actorOf } from '../root/names.ts';
import { changeDocument, invalidDocument } from '../root/documents.ts';
import { ofOwn, operation } from '../root/operation.ts';

/** The patterns of each agent, by its exact name. */
export type Subscriptions = ReadonlyMap<string, readonly string[]>;

export const subscribe = operation('subscribe', subscribeBody, (patterns) => ({ patterns: [patterns].flat() }));

async function subscribeBody(
  session: Session,
  patterns: string | readonly string[],
): Promise<(SubscriptionChange | DreamosError)[]> {
  const { name } = await createAddressBook(session).recipient(actorOf(session, 'subscribes'));
  return changeEach(session, name, [patterns].flat(), true);
}

export const unsubscribe = operation('unsubscribe', unsubscribeBody, ofOwn);

async function unsubscribeBody(
  session: Session,
  patterns: string | readonly string[],
): Promise<(SubscriptionChange | DreamosError)[]> {
  const { name } = await resolveAgent(session, actorOf(session, 'unsubscribes'));
  return changeEach(session, name, [patterns].flat(), false);
}

/** Of an agent that is deleted. @param agent its exact name @returns its patterns */
export async function endSubscriptions(session: Session, agent: string): Promise<string[]> {
  const patternsOf = (all: Subscriptions): string[] =>
    [...all].flatMap(([name, patterns]) => (sameAgent(name, agent) ? patterns : []));
  let ended = patternsOf(await loadSubscriptions(session));
  if (ended.length === 0) return ended;
  await changeDocument(session.store.documents, 'subscriptions', async (document) => {
    const all = await parse(session, document);
    ended = patternsOf(all);
    return Object.fromEntries([...all].filter(([name]) => !sameAgent(name, agent)));
  });
  return ended;
}

/** Of an agent that has another name. @returns its patterns, those that followed it */
export async function renameInSubscriptions(session: Session, from: string, to: string): Promise<string[]> {
  const isIts = (name: string): boolean => sameAgent(name, from);
  if (![...(await loadSubscriptions(session)).keys()].some(isIts)) return [];
  let followed: string[] = [];
  await changeDocument(session.store.documents, 'subscriptions', async (document) => {
    const all = await parse(session, document);
    followed = [...all].flatMap(([name, patterns]) => (isIts(name) ? patterns : []));
    const kept = [...all].filter(([name]) => !isIts(name));
    const patterns = [...new Set([...(all.get(to) ?? []), ...followed])].sort();
    return Object.fromEntries([
      ...kept.filter(([name]) => name !== to),
      ...(patterns.length > 0 ? [[to, patterns]] : []),
    ]);
  });
  return followed;
}

/** @throws CONFIG_INVALID: taken for empty, it would lose subscribers their mail */
export async function loadSubscriptions(session: Session): Promise<Subscriptions> {
  return parse(session, (await session.store.documents.get('subscriptions'))?.value);
}

/** Who is subscribed to a topic, each once with every pattern of theirs that matches. */
export function subscribersOf(subscriptions: Subscriptions, topic: string): { agent: string; patterns: string[] }[] {
  const found: { agent: string; patterns: string[] }[] = [];
  for (const [agent, patterns] of subscriptions) {
    const matching = patterns.filter((pattern) => topicMatches(pattern, topic));
    if (matching.length > 0) found.push({ agent, patterns: matching });
  }
  return found;
}

const subscriptionsSchema = schema(() => z.record(z.string().check(z.regex(agentNamePattern)), z.array(z.string())));
// A long-lived publisher gets the same document again and again.
const parsed = new WeakMap<object, Subscriptions>();

async function parse({ store }: Session, document: unknown): Promise<Subscriptions> {
  if (document === undefined) return new Map();
  const known = typeof document === 'object' && document !== null ? parsed.get(document) : undefined;
  if (known) return known;
  const result = subscriptionsSchema.safeParse(document);
  if (!result.success) throw await invalidDocument(store.documents, 'subscriptions', result.error);
  const subscriptions = new Map(Object.entries(result.data));
  parsed.set(document as object, subscriptions);
  return subscriptions;
}

async function changeEach(
  session: Session,
  agent: string,
  patterns: readonly string[],
  subscribed: boolean,
): Promise<(SubscriptionChange | DreamosError)[]> {
  const look = change(await loadSubscriptions(session), agent, patterns, subscribed);
  if (!look.results.some((result) => !(result instanceof DreamosError) && result.changed)) return look.results;
  let { results } = look;
  await changeDocument(session.store.documents, 'subscriptions', async (document) => {
    const changed = change(await parse(session, document), agent, patterns, subscribed);
    results = changed.results;
    return Object.fromEntries(changed.after);
  });
  return results;
}

function change(
  before: Subscriptions,
  agent: string,
  patterns: readonly string[],
  subscribed: boolean,
): { after: Subscriptions; results: (SubscriptionChange | DreamosError)[] } {
  const mine = new Set(before.get(agent));
  const results = patterns.map((text) => {
    try {
      const pattern = parseTopicPattern(text);
      if (!subscribed && !mine.has(pattern)) return unknownPattern(agent, pattern, [...mine]);
      const changed = mine.has(pattern) !== subscribed;
      if (subscribed) mine.add(pattern);
      else mine.delete(pattern);
      return { agent, pattern, subscribed, changed };
    } catch (error) {
      if (error instanceof DreamosError) return error;
      throw error;
    }
  });
  const after = new Map(before);
  if (mine.size > 0) after.set(agent, [...mine].sort());
  else after.delete(agent);
  return { after, results };
}

function unknownPattern(agent: string, pattern: string, known: readonly string[]): DreamosError {
  const nearest = nearestName(pattern, known);
  const hint =
    nearest === undefined ? `What it is subscribed to: dreamos agent show ${agent}` : `Did you mean "${nearest}"?`;
  return notFound('SUBSCRIPTION_NOT_FOUND', `${agent} is not subscribed to "${pattern}".`, hint);
}
