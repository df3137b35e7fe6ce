import { useState } from 'preact/hooks';
import type { Dead } from '../../../contract/keep.ts';
import { isEmpty, inWords, typedFilter, type Typed } from '../../base/filter-text.ts';
import { change, place } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { many } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { fieldsFor } from '../../data/filtered.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../../parts/empty.tsx';
import { Finder } from '../../parts/ask/finder.tsx';
import { Heading } from '../../parts/heading.tsx';
import { MailRows, type MailRow } from '../../parts/mail/mail-rows.tsx';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Redrive } from '../../parts/mail/redrive.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Trouble } from '../../parts/trouble.tsx';
import { Many } from './many-dead.tsx';

/** Dead letters: of one mailbox, or of all. */
export const dlq: View = { path: 'dlq', menu: { name: 'Dead letters', group: 'Mail', press: 'd' }, Show: DeadLetters };

function DeadLetters({ path: [mailbox] }: { path: readonly string[] }) {
  const find = place.value.query.get('find') ?? '';
  const typed = deadFilter(find);
  const after = afterInAddress();
  const [problem, setProblem] = useState<Problem>();
  const page = useLook(
    ['dlq', mailbox, find, after].join('\n'),
    (signal) => look('dlq.list', { mailbox, limit: pageSize, after, ...fieldsFor(typed) }, signal),
    { when: ({ event }) => ['dead', 'retried', 'purged', 'corrupt'].includes(event) },
  );
  const rows = page.value?.items ?? [];
  return (
    <>
      <Heading title={mailbox === undefined ? 'Dead letters' : `Dead letters of ${mailbox}`}>
        <Finder
          label="Find"
          hint="why it died, from: type: tag: subject: older:2h"
          value={find}
          onChange={(text) => change({ find: text, after: undefined })}
        />
      </Heading>
      <Causes rows={rows} find={find} />
      <Trouble problem={problem} />
      <Shown look={page}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty>{isEmpty(typed) ? 'Nothing has died.' : `Nothing that has died fits “${find}”.`}</Empty>
          ) : (
            <>
              <Many mailbox={mailbox} typed={typed} said={inWords(typed)} after={page.again} />
              <MailRows
                of="Dead letters"
                hasState={false}
                rows={items.map((dead) => rowOf(dead, mailbox, page.again, setProblem))}
              />
              <Pages next={next} shown={items.length} />
            </>
          )
        }
      </Shown>
    </>
  );
}

/** A text that names no field is looked for in why they died: what else a server could not be told to redrive by. */
function deadFilter(find: string): Typed {
  const { fields, text } = typedFilter(find);
  return { fields: text === '' ? fields : { ...fields, reason: text }, text: '' };
}

function rowOf(
  { id, mailbox, message, reason, attempts, deadAt }: Dead,
  shown: string | undefined,
  after: () => void,
  tell: (problem: Problem | undefined) => void,
): MailRow {
  const said = [shown === undefined && `in ${mailbox}`, reason, attempts > 0 && `after ${many(attempts, 'attempt')}`];
  const actions = <Redrive mailbox={mailbox} id={id} after={after} tell={tell} />;
  return { id, mailbox, message, state: 'dead', at: deadAt, remark: said.filter(Boolean).join(' · '), actions };
}

/** What many on this page have in common, each a filter. */
function Causes({ rows, find }: { rows: readonly Dead[]; find: string }) {
  const reasons = new Map<string, number>();
  for (const { reason } of rows) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const most = [...reasons].filter(([, n]) => n > 1).sort((a, b) => b[1] - a[1]);
  if (find !== '' || most.length === 0 || reasons.size < 2) return null;
  return (
    <p class="causes">
      {most.slice(0, 5).map(([reason, n]) => (
        <button key={reason} type="button" onClick={() => change({ find: `reason:"${reason}"`, after: undefined })}>
          {reason} <span class="number">{n}</span>
        </button>
      ))}
    </p>
  );
}
