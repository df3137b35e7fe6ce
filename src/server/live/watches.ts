/** What is told as it happens. Without an event for the whole `wait` it ends; where it was cut off it is gone on from a cursor. */
import * as z from 'zod/mini';
import { eventJson } from '../../cli/events/event-line.ts';
import { harmlessJson } from '../../cli/harmless.ts';
import { given } from '../../cli/input/parse.ts';
import { written } from '../../cli/print-message.ts';
import type { Heard, Overview } from '../../contract/look.ts';
import type { FollowOptions } from '../../core/follow/follow.ts';
import { listen as listenTo } from '../../core/follow/listen.ts';
import { watch as watchMail } from '../../core/follow/watch.ts';
import { followOverview } from '../../core/overview/overview.ts';
import { watchTasks } from '../../core/tasks/watch/watch.ts';
import { parseDuration } from '../../model/duration.ts';
import type { WatchedEvent } from '../../model/event.ts';
import { once } from '../../model/schema.ts';
import { agent, count, maybe, msOf, span, text } from '../route/fields.ts';
import type { Call, Route } from '../route/route.ts';
import type { Item, Told } from './stream.ts';

/** A look that goes on. */
export interface Watch<In extends z.ZodMiniObject = z.ZodMiniObject> extends Pick<Route<In>, 'operation' | 'input'> {
  readonly path: string;
  /** Ends with the signal of the call. */
  items(call: Call, input: z.output<In>, told: Told): AsyncGenerator<unknown, unknown, undefined>;
  readonly itemOf: (value: never) => Item;
}

/** For the compiler, which then knows of `items` what `input` is. */
function watching<In extends z.ZodMiniObject>(of: Watch<In>): Watch {
  return { ...of, input: once(of.input) };
}

const following = once(() => ({
  since: maybe(
    text(),
    'a cursor: goes on behind it; `start`: with the oldest event that is kept; from now on, if not given',
  ),
  ...span('wait', 'ends when nothing has come for so long'),
  count: maybe(count(), 'ends behind so many'),
}));

interface Following {
  readonly since?: string;
  readonly count?: number;
}

function followed(call: Call, { since, count: most, ...input }: Following, { begun, warn }: Told): FollowOptions {
  return {
    ...given({ since: since === 'now' ? undefined : since, count: most, waitMs: msOf(input, 'wait') }),
    signal: call.signal,
    onWarning: warn,
    onBegun: begun,
  };
}

function itemOfEvent(event: WatchedEvent): Item {
  return { json: harmlessJson(eventJson(event)), cursor: event.cursor };
}

const watch = watching({
  operation: 'watch',
  path: '/v1/watch',
  input: () => z.strictObject({ mailbox: maybe(z.array(agent()), 'only these; all, if not given'), ...following() }),
  items: (call, { mailbox: mailboxes, ...input }, told) =>
    watchMail(call.session, { ...followed(call, input, told), ...given({ mailboxes }) }),
  itemOf: itemOfEvent,
});

const watchTask = watching({
  operation: 'tasks.watch',
  path: '/v1/tasks/watch',
  input: () => z.strictObject({ id: maybe(text(), 'only this task, until it is over'), ...following() }),
  items: (call, { id, ...input }, told) => watchTasks(call.session, id, followed(call, input, told)),
  itemOf: itemOfEvent,
});

const listen = watching({
  operation: 'listen',
  path: '/v1/listen',
  input: () =>
    z.strictObject({
      topic: z.array(text()).check(z.minLength(1), z.describe('topics, or patterns of topics')),
      ...following(),
    }),
  items: (call, { topic, since, ...input }, told) => {
    // As the command has it: a duration is so long ago.
    const ago = since !== undefined && /^\d/.test(since) ? parseDuration(since, 'duration for "since"') : undefined;
    const from = ago === undefined ? given({ since }) : { since: 'start', from: call.session.clock.now() - ago };
    return listenTo(call.session, topic, { ...followed(call, { ...input, ...from }, told), ...from });
  },
  itemOf: (heard: Heard) => ({
    json: written(heard.message.id, () => harmlessJson(heard)),
    cursor: heard.cursor,
  }),
});

const usualLeastMs = 1000;

const overview = watching({
  operation: 'overview',
  path: '/v1/overview/watch',
  input: () =>
    z.strictObject({
      events: maybe(z.int().check(z.minimum(0), z.maximum(1000)), 'so many of the last ones'),
      ...span('every', 'not more often than that; 1s if not given, 100ms at least'),
    }),
  items: (call, input, _told) =>
    followOverview(call.session, {
      ...given({ events: input.events }),
      leastMs: Math.max(100, msOf(input, 'every') ?? usualLeastMs),
      signal: call.signal,
    }),
  itemOf: (now: Overview) => ({ json: harmlessJson(now) }),
});

export const watches: readonly Watch[] = [watch, watchTask, listen, overview];
