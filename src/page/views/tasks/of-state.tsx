import type { TaskJson } from '../../../contract/tasks.ts';
import { stateMeanings, type TaskState } from '../../../model/state.ts';
import { toAgent, toTask } from '../../base/links.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Empty } from '../../parts/empty.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { None, When } from '../../parts/when.tsx';
import { Mark, Remarks } from './card.tsx';
import { movesTasks } from './states.ts';

/** All of one state: the most urgent first, of these the oldest. */
export function OfState({ state, agent }: { state: TaskState; agent: string }) {
  const after = afterInAddress();
  const seen = useLook(
    ['tasks', state, agent, after].join('\n'),
    (signal) => look('tasks.list', { state: [state], agent, limit: pageSize, after }, signal),
    { when: movesTasks, everyMs: 10_000 },
  );
  return (
    <Shown look={seen}>
      {({ items, next }) =>
        items.length === 0 ? (
          <Empty>
            No task is {state}: {stateMeanings[state]}.
          </Empty>
        ) : (
          <>
            <p class="sum">{stateMeanings[state]}</p>
            <Rows of={`Tasks that are ${state}`} columns={columns} rows={items} keyOf={({ id }) => id} />
            <Pages next={next} shown={items.length} />
          </>
        )
      }
    </Shown>
  );
}

const columns: readonly Column<TaskJson>[] = [
  {
    name: 'Task',
    cell: (task) => (
      <>
        <Mark task={task} />
        <a data-row href={toTask(task.id)}>
          {task.title}
        </a>
      </>
    ),
  },
  {
    name: 'Agent',
    cell: ({ assignee }) => (assignee === undefined ? <None /> : <a href={toAgent(assignee)}>{assignee}</a>),
  },
  { name: 'Remarks', from: 'medium', cell: (task) => <Remarks task={task} holdsUp={0} /> },
  { name: 'Made', number: true, cell: ({ createdAt }) => <When at={createdAt} /> },
];
