/** Looking: nothing is claimed. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import { entryJson, signatureIn, stepJson } from '../../contract/json.ts';
import type { AgentResources, Listed, MailboxStatus, ShownJson, TraceStep } from '../../contract/look.ts';
import type { WhoIs } from '../../contract/reach.ts';
import { list as listMail } from '../../core/look/list.ts';
import { search as searchMail } from '../../core/look/search.ts';
import { show as showMail } from '../../core/look/show.ts';
import { status as statusOf } from '../../core/look/status.ts';
import { thread as threadOf } from '../../core/look/thread.ts';
import { trace as traceOf } from '../../core/look/trace.ts';
import { who as whoIsThere } from '../../core/look/who.ts';
import { metrics as allMetrics } from '../../core/metrics/metrics.ts';
import { stats as statsOf } from '../../core/metrics/stats.ts';
import { overview as overviewOf } from '../../core/overview/overview.ts';
import { showResources } from '../../core/resources/resources.ts';
import { groupings } from '../../model/metrics/numbers.ts';
import { once } from '../../model/schema.ts';
import { tagOfText, tagOf } from '../route/match.ts';
import {
  agent,
  anyOf,
  anyStates,
  deadFilters,
  filterOf,
  flag,
  mailbox,
  maybe,
  msOf,
  span,
  text,
} from '../route/fields.ts';
import { behind, route } from '../route/route.ts';

const opens = once(() => maybe(flag(), 'opens what is sealed'));
const several = once(() => maybe(z.array(agent()), 'only these'));

const list = route({
  operation: 'list',
  pages: 'placed',
  input: () =>
    z.strictObject({
      mailbox: mailbox('without it of all'),
      state: anyStates(),
      ...deadFilters(),
      unseal: opens(),
    }),
  run: ({ session, signal, page }, input) => {
    const { mailbox: name, state: states, unseal } = input;
    return listMail(session, name, {
      ...given({ states, unseal }),
      ...behind(page),
      ...filterOf(input),
      signal,
    });
  },
});

/** Of a message, wherever it is: that never changes, and where it is does. */
export function messageTag({ message }: Pick<Listed, 'message'>, answered: string): string {
  return tagOf(`${message?.digest}-${tagOfText(answered).slice(1, 13)}`);
}

const show = route({
  operation: 'show',
  input: () => z.strictObject({ id: text(), mailbox: mailbox('only there'), unseal: opens() }),
  run: async ({ session }, { id, ...how }): Promise<ShownJson> => {
    const found = await showMail(session, id, how);
    const entries = found.entries.map((entry) => entryJson(entry, session.acting));
    return {
      message: found.message,
      entries,
      ...signatureIn(found),
      ...(found.unsealed && { unsealed: found.unsealed }),
    };
  },
  tag: async (_, __, answer, answered) => messageTag(answer as ShownJson, answered),
});

const thread = route({
  operation: 'thread',
  pages: { by: ({ message: { createdAt, id } }: ShownJson) => `${new Date(createdAt).toISOString()} ${id}` },
  input: () => z.strictObject({ id: z.string().check(z.describe('a thread, an id or its end')), unseal: opens() }),
  run: async ({ session, signal }, { id, ...how }): Promise<ShownJson[]> =>
    (await threadOf(session, id, { signal, ...how })).map((found) => ({
      message: found.message,
      entries: found.entries.map((entry) => entryJson(entry, session.acting)),
      ...signatureIn(found),
      ...(found.unsealed && { unsealed: found.unsealed }),
    })),
});

const search = route({
  operation: 'search',
  pages: 'placed',
  input: () =>
    z.strictObject({
      text: z.string().check(z.minLength(1)),
      mailbox: mailbox('without it everywhere'),
      state: anyStates(),
      ...deadFilters(),
      unseal: maybe(flag(), 'looks into what is sealed'),
    }),
  run: ({ session, signal, page }, input) => {
    const { text: wanted, mailbox: name, state: states, unseal } = input;
    const how = { ...given({ mailbox: name, states, unseal }), ...behind(page), ...filterOf(input), signal };
    return searchMail(session, wanted, how);
  },
});

const trace = route({
  operation: 'trace',
  input: () => z.strictObject({ id: text() }),
  run: async ({ session }, { id }): Promise<TraceStep[]> => {
    const { steps, cut, id: whole } = await traceOf(session, id);
    for (const one of cut)
      session.warn(
        `The event log of ${one} does not go back to the arrival of ${whole}; what is shown may begin late.`,
      );
    return steps.map(stepJson);
  },
});

const status = route({
  operation: 'status',
  pages: { by: ({ mailbox: name }: MailboxStatus) => name },
  input: () => z.strictObject({ mailbox: several() }),
  run: ({ session }, { mailbox: names }) => statusOf(session, names),
});

const who = route({
  operation: 'who',
  pages: { by: ({ agent: name }: WhoIs) => name },
  input: () => z.strictObject({ agent: several(), all: maybe(flag(), 'also who never said that he is there') }),
  run: ({ session }, { agent: names, all }) => whoIsThere(session, names, given({ all })),
});

const overview = route({
  operation: 'overview',
  input: () => z.strictObject({ events: maybe(z.int().check(z.minimum(0), z.maximum(1000))) }),
  run: ({ session }, how) => overviewOf(session, how),
});

const stats = route({
  operation: 'stats',
  input: () =>
    z.strictObject({
      name: maybe(z.array(text()), 'only these'),
      ...span('window', 'how far back; 1h if not given'),
      by: maybe(anyOf(groupings)),
    }),
  run: ({ session }, input) => statsOf(session, input.name, given({ windowMs: msOf(input, 'window'), by: input.by })),
});

const resources = route({
  operation: 'resources.show',
  pages: { by: ({ agent: name }: AgentResources) => name },
  input: () => z.strictObject({ agent: mailbox('only this one') }),
  run: ({ session }, { agent: name }) => showResources(session, name),
});

const metrics = route({
  operation: 'metrics',
  input: () => z.strictObject({}),
  run: ({ session }) => allMetrics(session),
});

export const lookRoutes = [list, show, thread, search, trace, status, who, overview, stats, resources, metrics];
