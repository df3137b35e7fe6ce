/** Topics, who is subscribed to them, and schedules. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import { draftSchema } from '../../contract/draft.ts';
import type { ListedSchedule, TopicStatus } from '../../contract/system.ts';
import { addSchedule, listSchedules, removeSchedule, showSchedule } from '../../core/schedules/schedules.ts';
import { subscribe as subscribeTo, unsubscribe as unsubscribeFrom } from '../../core/topics/subscriptions.ts';
import { listTopics, pruneTopics, showTopic } from '../../core/topics/topics.ts';
import { type DraftFor, withoutOf } from '../../model/draft.ts';
import { once } from '../../model/schema.ts';
import { dryRun, maybe, msOf, oneOrMore, span, text } from '../route/fields.ts';
import { route } from '../route/route.ts';

const patterns = once(() => ({ patterns: oneOrMore(text()) }));

const subscribe = route({
  operation: 'subscribe',
  input: () => z.strictObject(patterns()),
  run: ({ session }, input) => subscribeTo(session, input.patterns),
});

const unsubscribe = route({
  operation: 'unsubscribe',
  input: () => z.strictObject(patterns()),
  run: ({ session }, input) => unsubscribeFrom(session, input.patterns),
});

const list = route({
  operation: 'topics.list',
  pages: { by: ({ topic }: TopicStatus) => topic },
  input: () => z.strictObject({}),
  run: ({ session }) => listTopics(session),
});

const show = route({
  operation: 'topics.show',
  input: () =>
    z.strictObject({
      topic: text(),
      limit: maybe(z.int().check(z.minimum(0), z.maximum(1000)), 'so many of its messages; 10 if not given'),
    }),
  run: ({ session }, { topic, limit }) => showTopic(session, topic, given({ limit })),
});

const prune = route({
  operation: 'topics.prune',
  input: () =>
    z.strictObject({
      topics: oneOrMore(text()),
      ...span('olderThan', 'what was published before that; else as the setting topicRetention says'),
      dryRun: dryRun(),
    }),
  run: async ({ session }, input) => {
    const how = { ...given({ olderThanMs: msOf(input, 'olderThan') }), dryRun: input.dryRun ?? false };
    return (await pruneTopics(session, input.topics, how)).map((pruned) => ({ ...pruned, dryRun: how.dryRun }));
  },
});

const messageSchema = once(() => {
  const without = new Set(withoutOf('schedule'));
  const { shape } = draftSchema();
  const fields = Object.entries(shape).filter(([name]) => !without.has(name));
  return z.strictObject(Object.fromEntries(fields) as unknown as Pick<typeof shape, 'to' | 'body' | 'from'>);
});

const add = route({
  operation: 'schedule.add',
  input: () =>
    z.strictObject({
      name: text(),
      cron: z.string().check(z.describe('five fields, or six with seconds in front')),
      tz: maybe(text(), 'an IANA time zone; UTC if not given'),
      message: messageSchema(),
    }),
  isNew: () => true,
  run: ({ session }, { message, ...when }) =>
    addSchedule(session, { ...when, message: message as DraftFor<'schedule'> }),
});

const scheduleList = route({
  operation: 'schedule.list',
  pages: { by: ({ name }: ListedSchedule) => name },
  input: () => z.strictObject({}),
  run: ({ session }) => listSchedules(session),
});

const scheduleShow = route({
  operation: 'schedule.show',
  input: () => z.strictObject({ name: text() }),
  run: ({ session }, { name }) => showSchedule(session, name),
});

const scheduleRemove = route({
  operation: 'schedule.remove',
  each: false,
  input: () => z.strictObject({ name: text() }),
  run: ({ session }, { name }) => removeSchedule(session, name),
});

export const topicRoutes = [
  ...[subscribe, unsubscribe, list, show, prune],
  ...[add, scheduleList, scheduleShow, scheduleRemove],
];
