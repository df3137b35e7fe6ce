import { useState } from 'preact/hooks';
import type { ListedSchedule } from '../../../contract/system.ts';
import { place, to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { isReadOnly, look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { None, When } from '../../parts/when.tsx';
import { AddSchedule } from './schedule-add.tsx';
import { Last, Remove } from './schedule-parts.tsx';
import { Schedule } from './schedule.tsx';

/** What is sent again and again: when it comes next, and what became of the last time. */
export const schedules: View = {
  path: 'schedules',
  menu: { name: 'Schedules', group: 'People', press: 'k' },
  Show: ({ path: [name] }) =>
    name !== undefined ? <Schedule name={name} /> : place.value.query.has('add') ? <AddSchedule /> : <Schedules />,
};

function Schedules() {
  const after = afterInAddress();
  const seen = useLook(`schedules ${after}`, (signal) => look('schedule.list', { limit: pageSize, after }, signal), {
    when: ({ event }) => event === 'delivered',
    everyMs: 10_000,
  });
  const [removing, setRemoving] = useState<ListedSchedule>();
  return (
    <>
      <Heading title="Schedules">
        {!isReadOnly.value && (
          <a class="button main" href={to(['schedules'], { add: 'new' })} data-press="n">
            New schedule
          </a>
        )}
      </Heading>
      <Shown look={seen}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty type='dreamos schedule add nightly "0 3 * * *" reviewer "check the build" --as planner'>
              Nothing is sent by the clock.
            </Empty>
          ) : (
            <>
              <Rows of="Schedules" columns={columnsOf(setRemoving)} rows={items} keyOf={({ name }) => name} />
              <Pages next={next} shown={items.length} />
            </>
          )
        }
      </Shown>
      {removing && <Remove schedule={removing} close={() => setRemoving(undefined)} after={seen.again} />}
    </>
  );
}

const columnsOf = (remove: (schedule: ListedSchedule) => void): readonly Column<ListedSchedule>[] => [
  {
    name: 'Schedule',
    cell: ({ name }) => (
      <a data-row href={to(['schedules', name])}>
        {name}
      </a>
    ),
  },
  {
    name: 'When',
    from: 'medium',
    cell: ({ cron, tz }) => (
      <>
        <code>{cron}</code> <span class="quiet">{tz}</span>
      </>
    ),
  },
  { name: 'Next', cell: ({ nextAt }) => (nextAt === null ? <None /> : <When at={nextAt} />) },
  { name: 'Last', cell: (schedule) => <Last schedule={schedule} /> },
  { name: 'To', from: 'medium', cell: ({ message }) => message.to.join(', ') },
  { name: 'From', from: 'wide', cell: ({ from }) => from },
  ...(isReadOnly.value
    ? []
    : [
        {
          name: 'Remove',
          number: true as const,
          from: 'medium' as const,
          cell: (schedule: ListedSchedule) => (
            <Action run={() => remove(schedule)} label={`Remove ${schedule.name}`}>
              Remove…
            </Action>
          ),
        },
      ]),
];
