import type { MailboxNow, Overview } from '../../../contract/look.ts';
import { toMailbox, toMessage } from '../../base/links.ts';
import { change, place, to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { count, many, span } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { recent } from '../../data/live.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../../parts/empty.tsx';
import { partOf, Parts } from '../../parts/ask/pages.tsx';
import { Finder } from '../../parts/ask/finder.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows, sortedBy } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State, wordOf } from '../../parts/state.tsx';
import { None, Number as Counted, Span, When, Zero } from '../../parts/when.tsx';

export const mailboxes: View = {
  path: '',
  menu: { name: 'Mailboxes', group: 'Mail', press: 'm' },
  Show: Mailboxes,
};

function Mailboxes() {
  // Rates fall by time alone.
  const seen = useLook('overview', (signal) => look('overview', { events: 12 }, signal), { everyMs: 15_000 });
  const name = place.value.query.get('name') ?? '';
  return (
    <>
      <Heading title="Mailboxes">
        <Finder label="Mailbox" value={name} onChange={(text) => change({ name: text, from: undefined })} />
      </Heading>
      <Shown look={seen}>
        {(overview) =>
          overview.mailboxes.length === 0 ? (
            <Empty type={['dreamos init planner reviewer', 'dreamos send reviewer "hello" --as planner']}>
              There are no mailboxes yet.
            </Empty>
          ) : (
            <>
              <Sum {...overview} />
              <Stuck {...overview} />
              <Table rows={overview.mailboxes.filter(({ mailbox }) => has(mailbox, name))} name={name} />
              <Happenings events={overview.events.toReversed()} />
            </>
          )
        }
      </Shown>
    </>
  );
}

const has = (name: string, part: string): boolean => name.toLowerCase().includes(part.toLowerCase());
const sumOf = (rows: readonly MailboxNow[], of: (row: MailboxNow) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

function Sum({ mailboxes: rows }: Overview) {
  const dead = sumOf(rows, (row) => row.dead);
  return (
    <p class="sum">
      {many(rows.length, 'mailbox', 'mailboxes')} · {count(sumOf(rows, (row) => row.ready))} ready ·{' '}
      {count(sumOf(rows, (row) => row.inflight))} held · {count(sumOf(rows, (row) => row.delayed))} delayed ·{' '}
      {dead > 0 ? <a href={to(['dlq'])}>{count(dead)} dead</a> : '0 dead'}
    </p>
  );
}

function Stuck({ stuck }: Overview) {
  if (stuck.length === 0) return null;
  return (
    <ul class="stuck" aria-label="What does not go on by itself">
      {stuck.map(({ rule, message, hint, mailbox }) => (
        <li key={`${rule} ${mailbox} ${message}`}>
          {mailbox !== undefined && (
            <>
              <a href={toMailbox(mailbox)}>{mailbox}</a>{' '}
            </>
          )}
          {message} {hint !== undefined && <code>{hint}</code>}
        </li>
      ))}
    </ul>
  );
}

const columns: readonly Column<MailboxNow>[] = [
  {
    name: 'Mailbox',
    sort: ({ mailbox }) => mailbox,
    cell: ({ mailbox, pausedAt }) => (
      <>
        <a data-row href={toMailbox(mailbox)}>
          {mailbox}
        </a>
        {pausedAt !== undefined && (
          <>
            {' '}
            <State of="paused" />
          </>
        )}
      </>
    ),
  },
  { name: 'Ready', number: true, sort: ({ ready }) => ready, cell: (row) => <Count row={row} state="ready" /> },
  { name: 'Held', number: true, sort: ({ inflight }) => inflight, cell: (row) => <Count row={row} state="inflight" /> },
  { name: 'Delayed', number: true, from: 'medium', cell: (row) => <Count row={row} state="delayed" /> },
  {
    name: 'Dead',
    number: true,
    sort: ({ dead }) => dead,
    cell: ({ mailbox, dead }) => (dead > 0 ? <a href={to(['dlq', mailbox])}>{count(dead)}</a> : <Zero />),
  },
  { name: 'In/min', number: true, from: 'medium', cell: ({ inPerMinute }) => <Counted n={inPerMinute} /> },
  { name: 'Out/min', number: true, from: 'medium', cell: ({ outPerMinute }) => <Counted n={outPerMinute} /> },
  {
    name: 'Oldest ready',
    number: true,
    from: 'medium',
    cell: ({ oldestReadyAgeMs }) => <Span ms={oldestReadyAgeMs} />,
  },
  {
    name: 'Last read',
    number: true,
    from: 'wide',
    cell: ({ lastReadAt }) => (lastReadAt === null ? <None /> : <When at={lastReadAt} />),
  },
  {
    name: 'Done',
    number: true,
    from: 'wide',
    cell: ({ mailbox, archived }) =>
      archived > 0 ? <a href={toMailbox(mailbox, { state: 'archived' })}>{count(archived)}</a> : <Zero />,
  },
];

function Count({ row, state }: { row: MailboxNow; state: 'ready' | 'inflight' | 'delayed' }) {
  const n = row[state];
  return n > 0 ? <a href={toMailbox(row.mailbox, { state })}>{count(n)}</a> : <Zero />;
}

function Table({ rows, name }: { rows: readonly MailboxNow[]; name: string }) {
  if (rows.length === 0) return <Empty>No mailbox is called “{name}”.</Empty>;
  const { query } = place.value;
  const by = query.get('sort') ?? 'Mailbox';
  return (
    <>
      <Rows
        of="Mailboxes"
        columns={columns}
        rows={partOf(sortedBy(rows, columns, by))}
        keyOf={({ mailbox }) => mailbox}
        sorted={{ by, choose: (column) => change({ sort: column, from: undefined }) }}
      />
      <Parts all={rows.length} />
    </>
  );
}

/** The last things that happened: those from before the page came, and those that it has heard since. */
function Happenings({ events }: { events: Overview['events'] }) {
  const heard = recent.value.slice(0, 12);
  const all = heard.length >= 12 ? heard : [...heard, ...events.filter((event) => !heard.some(isSame(event)))];
  return (
    <section aria-labelledby="happenings">
      <h2 id="happenings">What happens</h2>
      {all.length === 0 && <p class="quiet">Nothing yet.</p>}
      <ol class="events">
        {all.slice(0, 12).map((event) => (
          <li key={`${event.at} ${event.mailbox} ${event.event} ${event.id}`}>
            <When at={event.at} />
            <span>
              <State of={event.event}>{wordOf(event.event)}</State>{' '}
              <a href={toMailbox(event.mailbox)}>{event.mailbox}</a>
            </span>
            <span class="what">
              {event.id !== '' && <a href={toMessage(event.id)}>{event.subject || event.id.slice(-8)}</a>}{' '}
              <span class="quiet">
                {event.from !== undefined && `from ${event.from} `}
                {event.heldMs !== undefined && `after ${span(event.heldMs)} `}
                {event.reason}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

const isSame =
  (a: Overview['events'][number]) =>
  (b: Overview['events'][number]): boolean =>
    a.at === b.at && a.id === b.id && a.event === b.event && a.mailbox === b.mailbox;
