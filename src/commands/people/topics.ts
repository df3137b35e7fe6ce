import { broken, cutLine } from '../../cli/fit.ts';
import type { TopicStatus } from '../../contract/system.ts';
import type { Context } from '../../cli/context.ts';
import { orNull } from '../../cli/print-message.ts';
import { harmless } from '../../cli/harmless.ts';
import { ago, titleOf } from '../../cli/show/message-view.ts';
import { countOption, durationOption, given } from '../../cli/input/parse.ts';
import { listTopics, pruneTopics, showTopic } from '../../core/topics/topics.ts';
import { admit } from '../../core/root/operation.ts';
import type { Message } from '../../model/message.ts';
import { logOf } from '../../model/topic.ts';

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const topics = await listTopics(session);
  const nowMs = session.clock.now();
  const lastText = (at: string): string => (output.toTerminal ? ago(at, nowMs) : at);
  if (topics.length === 0)
    return output.note(
      (await unseen(context)) ?? 'Nothing has been published yet. How that is done: dreamos publish --help',
    );
  await output.rows(topics, ['topic', 'messages', 'last published', 'subscribers'], (topic) => [
    topic.topic,
    String(topic.messages),
    topic.lastPublishedAt === null ? '(pruned)' : lastText(topic.lastPublishedAt),
    topic.subscribers.map(({ agent }) => agent).join(', '),
  ]);
}

/** That there are topics of which a policy lets nobody see anything who is called so, or who does not say who he is. */
async function unseen(context: Context): Promise<string | undefined> {
  const session = await context.session();
  const { mayLook } = await admit(session, 'topics.list');
  if (!mayLook) return undefined;
  const hidden: string[] = [];
  for (const topic of await session.store.look.listTopics()) if (!(await mayLook(logOf(topic)))) hidden.push(topic);
  const [first] = hidden;
  const many = hidden.length === 1 ? '1 topic' : `${hidden.length} topics`;
  return first === undefined ? undefined : context.hiddenText(many, 'see', `listen ${first}`);
}

export async function showCommand(context: Context, topic: string, options: { limit?: string }): Promise<void> {
  const limit = countOption(options.limit, '--limit');
  const found = await showTopic(await context.session(), topic, given({ limit }));
  const recent: (Message | null)[] = [];
  for (const message of found.recent) recent.push(await orNull(context.output, message));
  const shown = { ...found, recent };
  await context.output.item(shown, () => {
    const lines = shown.recent.map((one) => cutLine(line(one), context.output.width));
    return [...head(shown).map((one) => broken(one, context.output.width)), ...lines].join('\n');
  });
}

export async function pruneCommand(
  context: Context,
  topics: readonly string[],
  options: { olderThan?: string; dryRun?: boolean },
): Promise<void> {
  const olderThanMs = durationOption(options.olderThan, '--older-than');
  const { dryRun = false } = options;
  for (const pruned of await pruneTopics(await context.session(), topics, given({ olderThanMs, dryRun }))) {
    const what = `${pruned.messages} ${pruned.messages === 1 ? 'message' : 'messages'}, ${pruned.bytes} bytes`;
    await context.output.item({ ...pruned, dryRun }, () => `${pruned.topic}  ${what}`);
  }
  if (dryRun) await context.output.note('Nothing was deleted: --dry-run.');
}

function head({ topic, messages, lastPublishedAt, subscribers }: TopicStatus): string[] {
  const who = subscribers.map(({ agent, patterns }) => `${agent} (${patterns.join(', ')})`);
  return [
    `Topic:           ${topic}`,
    `Messages:        ${messages}`,
    `Last published:  ${lastPublishedAt ?? '(nothing left)'}`,
    `Subscribers:     ${who.length === 0 ? '(none)' : harmless(who.join(', '))}`,
  ];
}

function line(message: Message | null): string {
  if (message === null) return '(one that cannot be read)';
  return `${message.createdAt}  ${message.id}  ${harmless(`from ${message.from}: ${titleOf(message)}`)}`;
}
