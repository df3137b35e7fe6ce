import type { Archived } from '../../../contract/keep.ts';
import { toMailbox, toTask } from '../../base/links.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Empty } from '../../parts/empty.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { When } from '../../parts/when.tsx';

/** What is done or was called off, the newest first: from the archives, which go back for as long as they are kept. */
export function Ended({ agent }: { agent: string }) {
  const after = afterInAddress();
  const seen = useLook(
    ['ended', agent, after].join('\n'),
    (signal) => look('archive.list', { task: true, mailbox: agent, limit: pageSize, after }, signal),
    { when: ({ event, task }) => task === true || ['retried', 'restored'].includes(event) },
  );
  return (
    <Shown look={seen}>
      {({ items, next }) =>
        items.length === 0 ? (
          <Empty type='dreamos task done <id> --result "what came of it"'>No task has ended yet.</Empty>
        ) : (
          <>
            <Rows of="Tasks that have ended" columns={columns} rows={items} keyOf={({ id }) => id} />
            <Pages next={next} shown={items.length} />
          </>
        )
      }
    </Shown>
  );
}

const columns: readonly Column<Archived>[] = [
  {
    name: 'Task',
    cell: ({ id, message }) => (
      <a data-row href={toTask(id)}>
        {message.subject}
      </a>
    ),
  },
  { name: 'Is', cell: ({ withdrawn }) => <State of={withdrawn ? 'cancelled' : 'done'} /> },
  {
    name: 'In',
    from: 'medium',
    cell: ({ mailbox }) => <a href={toMailbox(mailbox, { state: 'archived' })}>{mailbox}</a>,
  },
  { name: 'For', from: 'medium', cell: ({ message }) => message.from },
  { name: 'Ended', number: true, cell: ({ ackedAt }) => <When at={ackedAt} /> },
];
