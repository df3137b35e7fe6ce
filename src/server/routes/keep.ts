/** What is dead or finished, and keeping house. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import { entryJson } from '../../contract/json.ts';
import type { Archived, DeadShown, PurgedJson } from '../../contract/keep.ts';
import { exportArchive, listArchive, restoreArchive, searchArchive, showArchived } from '../../core/keep/archive.ts';
import { chooseDead, listDead, purgeDead, retryDead, showDead } from '../../core/keep/dlq.ts';
import { doctor as checkRoot } from '../../core/keep/doctor.ts';
import { mailboxOf as mailboxWith } from '../../core/keep/mailbox-of.ts';
import { maintain as keepHouse, packArchive, pruneArchive } from '../../core/keep/maintain.ts';
import { isoTime } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { once } from '../../model/schema.ts';
import {
  agent,
  deadFilters,
  dryRun,
  filterOf,
  flag,
  lookFilters,
  mailbox,
  mailboxOf,
  maybe,
  moment,
  msOf,
  span,
  text,
  timeOf,
} from '../route/fields.ts';
import { behind, type Call, route } from '../route/route.ts';
import { messageTag } from './look.ts';

const everywhere = 'without it in all';
const where = once(() => mailbox(everywhere));
const one = once(() => ({
  id: z.string().check(z.describe('an id, or its end')),
  mailbox: mailbox('where it is; found if not given'),
}));

const dlqList = route({
  operation: 'dlq.list',
  pages: 'placed',
  input: () => z.strictObject({ mailbox: where(), ...deadFilters() }),
  run: ({ session, signal, page }, input) =>
    listDead(session, input.mailbox, { ...behind(page), ...filterOf(input), signal }),
});

const dlqShow = route({
  operation: 'dlq.show',
  input: () => z.strictObject(one()),
  run: async ({ session }, { id, mailbox: name }) =>
    showDead(session, name ?? (await mailboxWith(session, id, 'dead', 'dlq show')), id),
  tag: async (_, __, answer, answered) => messageTag(answer as DeadShown, answered),
});

const changing = once(() => ({
  mailbox: where(),
  ids: maybe(z.array(text()), 'these; or `all`, or a filter'),
  all: maybe(z.literal(true), 'all that are dead now'),
  limit: maybe(z.int().check(z.minimum(1)), 'of all, the oldest'),
  dryRun: dryRun(),
  ...deadFilters(),
}));

interface Changing {
  readonly ids?: readonly string[];
  readonly all?: true;
  readonly limit?: number;
}

/** @throws USAGE: nothing says which */
function choice({ signal }: Call, input: Changing) {
  const { ids, all, limit } = input;
  const filter = filterOf(input);
  if (ids === undefined && !all && filter.filter === undefined)
    throw usage('It is not known which dead letters are meant.', 'Give `ids`, a filter, or "all": true');
  if (ids !== undefined && (all || filter.filter !== undefined || limit !== undefined))
    throw usage('Ids and a filter or a limit are two different things to ask for.', 'Leave out one of them.');
  return { which: ids ?? ('all' as const), how: { ...filter, ...given({ limit }), signal } };
}

const dlqRetry = route({
  operation: 'dlq.retry',
  input: () => z.strictObject(changing()),
  run: async (call, input) => {
    const { session } = call;
    const { which, how } = choice(call, input);
    const isDry = input.dryRun === true;
    const results = await (isDry
      ? chooseDead(session, 'retry', input.mailbox, which, how)
      : retryDead(session, input.mailbox, which, how));
    return results.map((entry) =>
      entry instanceof DreamosError ? entry : { ...entryJson(entry, session.acting), ...(isDry && { dryRun: true }) },
    );
  },
});

const dlqPurge = route({
  operation: 'dlq.purge',
  input: () => z.strictObject({ ...changing(), force: maybe(flag(), 'all, without a filter') }),
  run: async (call, input) => {
    const { session } = call;
    const { which, how } = choice(call, input);
    const isDry = input.dryRun === true;
    const results = await (isDry
      ? chooseDead(session, 'purge', input.mailbox, which, how)
      : purgeDead(session, input.mailbox, which, { ...how, ...given({ force: input.force }) }));
    return results.map((purged): PurgedJson | DreamosError =>
      purged instanceof DreamosError
        ? purged
        : { id: purged.id, mailbox: purged.mailbox, ...(isDry ? { dryRun: true } : { purged: true }) },
    );
  },
});

const archiveList = route({
  operation: 'archive.list',
  pages: 'placed',
  input: () => z.strictObject({ mailbox: where(), ...lookFilters() }),
  run: ({ session, page }, input) => listArchive(session, input.mailbox, { ...behind(page), ...filterOf(input) }),
});

const archiveShow = route({
  operation: 'archive.show',
  input: () => z.strictObject(one()),
  run: ({ session }, input) => showArchived(session, input.mailbox, input.id),
  tag: async (_, __, answer, answered) => messageTag(answer as Archived, answered),
});

const archiveSearch = route({
  operation: 'archive.search',
  pages: 'placed',
  input: () => z.strictObject({ text: z.string().check(z.minLength(1)), mailbox: where(), ...lookFilters() }),
  run: ({ session, page }, input) => {
    const how = { ...given({ mailbox: input.mailbox }), ...behind(page), ...filterOf(input) };
    return searchArchive(session, input.text, how);
  },
});

const archiveRestore = route({
  operation: 'archive.restore',
  each: false,
  input: () => z.strictObject(one()),
  run: async ({ session }, { id, mailbox: name }) => {
    const whose = name ?? (await mailboxWith(session, id, 'archived', 'archive restore'));
    return entryJson(await restoreArchive(session, whose, id), session.acting);
  },
});

const archiveExport = route({
  operation: 'archive.export',
  pages: 'placed',
  input: () =>
    z.strictObject({
      mailbox: where(),
      since: maybe(moment(), 'what was finished from then on; a duration is so long ago'),
      until: maybe(moment(), 'and before then'),
      ...lookFilters(),
    }),
  run: (call, input) => {
    const range = given({
      since: timeOf(call, input.since, 'since', true),
      until: timeOf(call, input.until, 'until', true),
    });
    return exportArchive(call.session, input.mailbox, { ...range, ...behind(call.page), ...filterOf(input) });
  },
});

const archivePack = route({
  operation: 'archive.pack',
  input: () =>
    z.strictObject({ mailbox: mailbox(), before: maybe(moment(), 'only days before this'), dryRun: dryRun() }),
  run: (call, input) => {
    const at = timeOf(call, input.before, 'before', true);
    const how = given({ dryRun: input.dryRun, beforeDay: at === undefined ? undefined : isoTime(at).slice(0, 10) });
    return packArchive(call.session, mailboxOf(call, input.mailbox), how);
  },
});

const archivePrune = route({
  operation: 'archive.prune',
  input: () =>
    z.strictObject({
      mailbox: mailbox(),
      ...span('olderThan', 'days that ended so long ago'),
      keepBytes: maybe(z.int().check(z.minimum(0)), 'so much is kept'),
      dryRun: dryRun(),
    }),
  run: (call, input) => {
    const olderThanMs = msOf(input, 'olderThan');
    const { keepBytes, dryRun: isDry } = input;
    if (olderThanMs === undefined && keepBytes === undefined)
      throw usage(
        'It is not known what to keep.',
        'Give `olderThan` or `keepBytes`, and "dryRun": true to see it first',
      );
    return pruneArchive(call.session, mailboxOf(call, input.mailbox), given({ olderThanMs, keepBytes, dryRun: isDry }));
  },
});

const examine = route({
  operation: 'doctor',
  method: 'GET',
  input: () => z.strictObject({}),
  run: ({ session, signal }) => checkRoot(session, { signal }),
});

const doctor = route({
  operation: 'doctor',
  input: () => z.strictObject({ fix: maybe(flag(), 'repairs what is safe to repair') }),
  run: ({ session, signal }, { fix }) => checkRoot(session, { ...given({ fix }), signal }),
});

const maintain = route({
  operation: 'maintain',
  input: () => z.strictObject({ mailbox: maybe(z.array(agent()), everywhere), dryRun: dryRun() }),
  run: ({ session, signal }, { mailbox: mailboxes, dryRun: isDry }) =>
    keepHouse(session, { ...given({ mailboxes, dryRun: isDry }), signal }),
});

export const keepRoutes = [
  ...[dlqList, dlqShow, dlqRetry, dlqPurge, archiveList, archiveShow, archiveSearch, archiveRestore],
  ...[archiveExport, archivePack, archivePrune, examine, doctor, maintain],
];
