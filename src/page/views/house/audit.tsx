import type { Audited } from '../../../contract/security/audit.ts';
import { toAgent, toMessage } from '../../base/links.ts';
import { change, place } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { endOf, moment } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Choice } from '../../parts/ask/choice.tsx';
import { Finder } from '../../parts/ask/finder.tsx';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { None } from '../../parts/when.tsx';
import { Verify } from './audit-verify.tsx';

/** What was done and by whom, and what was refused; the newest first. */
export const audit: View = { path: 'audit', menu: { name: 'Audit', group: 'House', press: 'u' }, Show: AuditView };

const sides = ['all', 'denied'] as const;

function AuditView() {
  const { query } = place.value;
  const [op, by, since] = ['op', 'by', 'since'].map((name) => query.get(name) ?? '');
  const denied = query.has('denied');
  const after = afterInAddress();
  const isFiltered = denied || [op, by, since].some(Boolean);
  const seen = useLook(
    ['audit', op, by, since, denied, after].join('\n'),
    (signal) => look('audit.list', { op, by, since, denied: denied || undefined, limit: pageSize, after }, signal),
    // What is administered makes no event, and each look reads a day.
    { when: false, everyMs: 10_000 },
  );
  return (
    <>
      <Heading title="Audit" />
      <Verify />
      <div class="filters">
        <Finder
          label="Operation"
          hint="config.set, or config"
          value={op ?? ''}
          onChange={(text) => change({ op: text, after: undefined })}
        />
        <Finder
          label="By"
          hint="an agent"
          value={by ?? ''}
          onChange={(text) => change({ by: text, after: undefined })}
        />
        <Finder
          label="Since"
          hint="7d, or a day"
          value={since ?? ''}
          onChange={(text) => change({ since: text, after: undefined })}
        />
        <Choice
          label="Show"
          value={denied ? 'denied' : 'all'}
          options={sides}
          onChange={(side) => change({ denied: side === 'denied' ? 'yes' : undefined, after: undefined })}
        />
      </div>
      <Shown look={seen}>
        {({ items, next }) =>
          items.length === 0 ? (
            isFiltered ? (
              <Empty>Nothing that was noted fits.</Empty>
            ) : (
              <Empty type="dreamos config set audit all">Nothing was noted yet.</Empty>
            )
          ) : (
            <>
              <Rows
                of="What was done"
                columns={columns}
                rows={items}
                keyOf={({ at, op: what, pid, id, args }) => [at, what, pid, id, JSON.stringify(args)].join(' ')}
              />
              <Pages next={next} shown={items.length} />
            </>
          )
        }
      </Shown>
    </>
  );
}

const columns: readonly Column<Audited>[] = [
  {
    name: 'What',
    cell: ({ op, args }) => (
      <>
        {op}
        {args !== undefined && args.length > 0 && <code class="quiet args">{argsText(args)}</code>}
      </>
    ),
  },
  {
    name: 'By',
    cell: ({ by }) =>
      by === null ? (
        <None />
      ) : (
        <a class="name" href={toAgent(by)}>
          {by}
        </a>
      ),
  },
  { name: 'Came to', cell: (line) => <Outcome line={line} /> },
  {
    name: 'Of',
    from: 'medium',
    cell: ({ id, mailbox, to }) => (
      <>
        {id !== undefined && (
          <a data-row href={toMessage(id)}>
            <code>{endOf(id)}</code>
          </a>
        )}{' '}
        {mailbox ?? to?.join(', ')}
      </>
    ),
  },
  {
    name: 'Process',
    from: 'wide',
    number: true,
    cell: ({ pid, user }) => (
      <span class="quiet">
        {pid}
        {user !== undefined && ` of user ${user}`}
      </span>
    ),
  },
  {
    name: 'When',
    number: true,
    from: 'medium',
    cell: ({ at }) => <time dateTime={at}>{moment(at)}</time>,
  },
];

/** In the words of the command or of the library. */
function argsText(args: readonly unknown[]): string {
  return args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ');
}

function Outcome({ line: { result, code, why } }: { line: Audited }) {
  return (
    <>
      <State of={result} />
      {code !== undefined && (
        <>
          {' '}
          <code>{code}</code>
        </>
      )}
      {why !== undefined && <span class="quiet"> {why}</span>}
    </>
  );
}
