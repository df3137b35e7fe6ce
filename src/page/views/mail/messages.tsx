import type { MailboxStatus } from '../../../contract/look.ts';
import { isEmpty, typedFilter } from '../../base/filter-text.ts';
import { toCompose } from '../../base/links.ts';
import { change, place, to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { look, me, type Query } from '../../data/api.ts';
import type { Page } from '../../data/answers.ts';
import { fieldsFor } from '../../data/filtered.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../../parts/empty.tsx';
import { Finder } from '../../parts/ask/finder.tsx';
import { Heading } from '../../parts/heading.tsx';
import { MailRows, type MailRow } from '../../parts/mail/mail-rows.tsx';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Tabs } from '../../parts/tabs.tsx';

/** Of one mailbox, or of all: by state, with a filter, a hundred at a time. Nothing is claimed by it. */
export const messages: View = {
  path: 'mail',
  menu: { name: 'Messages', group: 'Mail', press: 'l' },
  Show: Messages,
};

const states = [
  ['ready', 'Ready'],
  ['inflight', 'Held'],
  ['delayed', 'Delayed'],
  ['dead', 'Dead'],
  ['archived', 'Done'],
] as const;
type ListState = (typeof states)[number][0];

function Messages({ path: [mailbox] }: { path: readonly string[] }) {
  const { query } = place.value;
  const state = (query.get('state') ?? 'ready') as ListState;
  const find = query.get('find') ?? '';
  const after = afterInAddress();
  const concerns = { when: mailbox === undefined ? () => true : (e: { mailbox: string }) => e.mailbox === mailbox };
  const page = useLook(
    ['mail', mailbox, state, find, after].join('\n'),
    (signal) => pageOf({ mailbox, limit: pageSize, after }, state, find, signal),
    concerns,
  );
  const status = useLook(`status ${mailbox}`, (signal) => look('status', { mailbox, limit: 1000 }, signal), concerns);
  // Of more than a thousand mailboxes nobody counts here.
  const counts = status.value?.next === null ? sumOf(status.value.items) : undefined;
  return (
    <>
      <Heading title={mailbox ?? 'Messages'}>
        <Finder
          label="Find"
          hint="a text, from: type: tag: thread: priority: subject:"
          value={find}
          onChange={(text) => change({ find: text, after: undefined })}
        />
        {mailbox !== undefined && (
          <a class="button" href={toCompose({ to: mailbox })}>
            Write to {mailbox}
          </a>
        )}
      </Heading>
      <Tabs
        label="States"
        tabs={states.map(([name, label]) => ({
          href: to(place.value.path, { state: name, find }),
          name: label,
          count: counts?.[name],
          here: name === state,
        }))}
      />
      <Shown look={page}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Nothing mailbox={mailbox} state={state} find={find} />
          ) : (
            <>
              <MailRows
                of="Messages"
                rows={items.map((row) => ({ ...row, remark: remarkOf(row, mailbox) }))}
                hasState={false}
              />
              <Pages next={next} shown={items.length} />
            </>
          )
        }
      </Shown>
    </>
  );
}

type Row = MailRow & { readonly reason?: string; readonly heldBy?: string };

async function pageOf(query: Query, state: ListState, find: string, signal: AbortSignal): Promise<Page<Row>> {
  const typed = typedFilter(find);
  const all = { ...query, ...fieldsFor(typed) };
  if (state !== 'archived' && typed.text === '') return look('list', { ...all, state: [state] }, signal);
  if (state !== 'archived') return look('search', { ...all, state: [state], text: typed.text }, signal);
  const { items, next } = await (typed.text === ''
    ? look('archive.list', all, signal)
    : look('archive.search', { ...all, text: typed.text }, signal));
  return { items: items.map((item) => ({ ...item, state, at: item.ackedAt })), next };
}

function remarkOf({ reason, heldBy, mailbox }: Row, shown: string | undefined) {
  const said = [shown === undefined && `in ${mailbox}`, heldBy !== undefined && `held by ${heldBy}`, reason];
  return said.filter(Boolean).join(' · ') || undefined;
}

function sumOf(rows: readonly MailboxStatus[]): Record<ListState, number> | undefined {
  if (rows.length === 0) return undefined;
  const sum = (state: ListState): number => rows.reduce((all, row) => all + row[state], 0);
  return Object.fromEntries(states.map(([name]) => [name, sum(name)])) as Record<ListState, number>;
}

function Nothing({ mailbox, state, find }: { mailbox: string | undefined; state: ListState; find: string }) {
  const where = mailbox === undefined ? '' : ` in ${mailbox}`;
  if (!isEmpty(typedFilter(find)))
    return (
      <Empty>
        Nothing{where} fits “{find}” in this state.
      </Empty>
    );
  if (state === 'ready')
    return (
      <Empty type={`dreamos send ${mailbox ?? '<agent>'} "hello" --as ${me.value ?? '<agent>'}`}>
        Nothing is ready{where}.
      </Empty>
    );
  if (state === 'dead') return <Empty>No message{where} has died.</Empty>;
  const word = { inflight: 'held', delayed: 'delayed', archived: 'finished yet' }[state];
  return (
    <Empty>
      Nothing{where} is {word}.
    </Empty>
  );
}
