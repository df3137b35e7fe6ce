import type { TopicStatus, TopicView } from '../../contract/system.ts';
import type { DreamosError } from '../../model/errors.ts';
import { logOf, parseTopic, parseTopicPattern, topicMatches, topicOf } from '../../model/topic.ts';
import type { Message } from '../../model/message.ts';
import { meantOr, notFound } from '../../model/refusals.ts';
import { readOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';
import { actingOf } from '../root/names.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { finishSendsOrWarn } from '../wait/due.ts';
import { effectiveSettings } from '../root/settings.ts';
import { loadSubscriptions, type Subscriptions, subscribersOf } from './subscriptions.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export interface PrunedTopic {
  readonly topic: string;
  readonly messages: number;
  readonly bytes: number;
}

export interface TopicShowOptions {
  /** So many of its messages; 10 by default. */
  readonly limit?: number;
}

export interface TopicPruneOptions {
  /** What was published before that goes; milliseconds. Else the setting topicRetention. */
  readonly olderThanMs?: number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
}

export const listTopics = operation('topics.list', listTopicsBody);

async function listTopicsBody(session: Session): Promise<TopicStatus[]> {
  const subscriptions = await activeSubscriptions(session);
  await finishSendsOrWarn(session);
  const all: TopicStatus[] = [];
  const logs = (await session.store.look.listTopics()).map(logOf);
  await lookIntoEach(session, logs, async (log) => all.push(await statusOf(session, log, subscriptions)));
  return all;
}

/** @returns it as it is called @throws TOPIC_NOT_FOUND */
export async function resolveTopic(session: Session, topic: string): Promise<string> {
  const name = parseTopic(topic);
  const known = await session.store.look.listTopics();
  if (!known.includes(name)) throw unknown(name, known);
  return name;
}

export const showTopic = operation('topics.show', showTopicBody, (topic) => ofMailbox(logOf(topic)));

async function showTopicBody(session: Session, topic: string, options: TopicShowOptions = {}): Promise<TopicView> {
  const { limit = 10 } = options;
  await finishSendsOrWarn(session);
  const name = await resolveTopic(session, topic);
  const recent: (Message | null)[] = [];
  for await (const entry of session.store.look.list(logOf(name), 'archived')) {
    if (recent.length >= limit) break;
    const message = await readOrWarn(session, entry);
    if (message !== undefined) recent.push(message);
  }
  return { ...(await statusOf(session, logOf(name), await activeSubscriptions(session))), recent };
}

export const pruneTopics = operation('topics.prune', pruneTopicsBody, (patterns) => ({ patterns: [patterns].flat() }));

async function pruneTopicsBody(
  session: Session,
  topics: string | readonly string[],
  options: TopicPruneOptions = {},
): Promise<PrunedTopic[]> {
  const known = await session.store.look.listTopics();
  const meant = new Set<string>();
  for (const text of [topics].flat()) {
    const pattern = parseTopicPattern(text);
    const matching = known.filter((topic) => topicMatches(pattern, topic));
    if (matching.length === 0) throw unknown(pattern, known);
    for (const topic of matching) meant.add(topic);
  }
  const results: PrunedTopic[] = [];
  for (const topic of [...meant].sort()) results.push(await pruneTopic(session, topic, options));
  return results;
}

/** Deletes what one topic's log has from before. Safe to repeat, and while others publish, listen or prune. */
export async function pruneTopic(
  session: Session,
  topic: string,
  options: TopicPruneOptions = {},
): Promise<PrunedTopic> {
  const { olderThanMs = (await effectiveSettings(session)).topicRetentionMs, dryRun = false } = options;
  const pruned = await session.store.upkeep?.prune(logOf(topic), session.store.now() - olderThanMs, {
    dryRun,
    ...actingOf(session),
  });
  // Where the storage keeps house by itself there is nothing to do.
  return { topic, ...(pruned ?? { messages: 0, bytes: 0 }) };
}

/** Of those who take mail; who has retired keeps his for when he is back. */
async function activeSubscriptions(session: Session): Promise<Subscriptions> {
  const active = new Set(
    (await session.store.documents.listAgents()).filter((card) => !card.retiredAt).map((card) => card.name),
  );
  return new Map([...(await loadSubscriptions(session))].filter(([agent]) => active.has(agent)));
}

async function statusOf(session: Session, log: string, subscriptions: Subscriptions): Promise<TopicStatus> {
  const { archived } = await session.store.look.counts(log);
  const topic = topicOf(log) ?? '';
  let lastPublishedAt: string | null = null;
  for await (const entry of session.store.look.list(log, 'archived')) {
    lastPublishedAt = new Date(entry.ackedAt ?? 0).toISOString();
    break;
  }
  return { topic, messages: archived, lastPublishedAt, subscribers: subscribersOf(subscriptions, topic) };
}

function unknown(topic: string, known: readonly string[]): DreamosError {
  const hint = meantOr(topic, known, 'dreamos topics list');
  return notFound('TOPIC_NOT_FOUND', `Nothing has been published to ${topic}.`, hint);
}
