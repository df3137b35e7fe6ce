import { useState } from 'preact/hooks';
import type { TaskJson } from '../../../contract/tasks.ts';
import { stateMeanings, type TaskState } from '../../../model/state.ts';
import { change, place, to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { isReadOnly, look, me } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Finder } from '../../parts/ask/finder.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Card } from './card.tsx';
import { Ended } from './ended.tsx';
import { Create } from './create.tsx';
import { OfState } from './of-state.tsx';
import { boardStates, movesTasks } from './states.ts';

/** What is to be done: a column for each state, `#/tasks`; what has ended; all of one state, in pages; and a new one. */
export const board: View = {
  path: 'tasks',
  menu: { name: 'Tasks', group: 'People', press: 't' },
  Show: Tasks,
};

function Tasks({ path: [side] }: { path: readonly string[] }) {
  if (side === 'new') return <Create />;
  const agent = place.value.query.get('agent') ?? '';
  const find = place.value.query.get('find') ?? '';
  const state = boardStates.find((one) => one === side);
  return (
    <>
      <Heading title={agent === '' ? 'Tasks' : `Tasks of ${agent}`}>
        {side === undefined && (
          <Finder label="Find" hint="a title or a tag" value={find} onChange={(text) => change({ find: text })} />
        )}
        {!isReadOnly.value && (
          <a class="button main" href={to(['tasks', 'new'])} data-press="n">
            New task
          </a>
        )}
      </Heading>
      <Tabs
        label="Sides of the tasks"
        tabs={[
          { href: to(['tasks']), name: 'Board', here: side === undefined && agent === '' },
          ...(me.value === undefined
            ? []
            : [
                {
                  href: to(['tasks'], { agent: me.value }),
                  name: 'Mine',
                  here: side === undefined && agent === me.value,
                },
              ]),
          ...(agent === '' || agent === me.value
            ? []
            : [{ href: to(['tasks'], { agent }), name: agent, here: side === undefined }]),
          ...(state === undefined ? [] : [{ href: to(['tasks', state], { agent }), name: `All ${state}`, here: true }]),
          { href: to(['tasks', 'ended'], { agent }), name: 'Ended', here: side === 'ended' },
        ]}
      />
      {side === 'ended' ? (
        <Ended agent={agent} />
      ) : state === undefined ? (
        <Board agent={agent} find={find} />
      ) : (
        <OfState key={state} state={state} agent={agent} />
      )}
    </>
  );
}

interface Column {
  readonly state: TaskState;
  readonly tasks: readonly TaskJson[];
  /** There are more than the board has. */
  readonly more: boolean;
}

/** As many as a column has. */
const most = 50;

async function columnsOf(agent: string, signal: AbortSignal): Promise<readonly Column[]> {
  const pages = await Promise.all(
    boardStates.map((state) => look('tasks.list', { state: [state], agent, limit: most }, signal)),
  );
  const seen = new Set<string>();
  // One that moves meanwhile is in two of them: it stays where it is further.
  const columns = pages.map(({ items, next }, i) => ({ state: boardStates[i] ?? 'ready', items, more: next !== null }));
  return columns
    .toReversed()
    .map(({ state, items, more }) => {
      const tasks = items.filter(({ id }) => !seen.has(id));
      for (const { id } of tasks) seen.add(id);
      return { state, tasks, more };
    })
    .toReversed();
}

function Board({ agent, find }: { agent: string; find: string }) {
  // Progress is no event, and leases end by time alone.
  const seen = useLook(`board ${agent}`, (signal) => columnsOf(agent, signal), { when: movesTasks, everyMs: 5000 });
  const [near, setNear] = useState<string>();
  return (
    <Shown look={seen}>
      {(columns) => {
        const all = columns.flatMap(({ tasks }) => tasks);
        if (all.length === 0) return <NoTasks agent={agent} />;
        const byId = new Map(all.map((task) => [task.id, task]));
        const holdsUp = heldUpBy(all);
        const around = new Set(
          near === undefined ? [] : [...(byId.get(near)?.waitsFor ?? []), ...(holdsUp.get(near) ?? [])],
        );
        return (
          <div class="board">
            {columns.map(({ state, tasks, more }) => {
              const fit = tasks.filter((task) => fits(task, find));
              return (
                <section key={state} aria-labelledby={`column-${state}`} data-state={state}>
                  <h2 id={`column-${state}`} title={stateMeanings[state]}>
                    <a href={to(['tasks', state], { agent })}>{state}</a>{' '}
                    <span class="quiet number">
                      {fit.length}
                      {more && '+'}
                    </span>
                  </h2>
                  <ul>
                    {fit.map((task) => (
                      <Card
                        key={task.id}
                        task={task}
                        titleOf={(id) => byId.get(id)?.title}
                        holdsUp={holdsUp.get(task.id)?.length ?? 0}
                        isNear={around.has(task.id)}
                        near={setNear}
                      />
                    ))}
                  </ul>
                  {more && (
                    <p>
                      <a href={to(['tasks', state], { agent })}>All of them</a>
                    </p>
                  )}
                </section>
              );
            })}
          </div>
        );
      }}
    </Shown>
  );
}

function fits({ title, tags = [] }: TaskJson, find: string): boolean {
  return [title, ...tags].some((text) => text.toLowerCase().includes(find.toLowerCase()));
}

/** By the id of a task those that wait for it. */
function heldUpBy(all: readonly TaskJson[]): ReadonlyMap<string, readonly string[]> {
  const by = new Map<string, string[]>();
  for (const { id, waitsFor = [] } of all) for (const one of waitsFor) by.set(one, [...(by.get(one) ?? []), id]);
  return by;
}

function NoTasks({ agent }: { agent: string }) {
  return agent === '' ? (
    <Empty
      type={[
        'dreamos agent start reviewer --capability ts',
        'dreamos task create --title "parse the grammar" --requires ts --as planner',
      ]}
    >
      Nothing is to be done.
    </Empty>
  ) : (
    <Empty type={`dreamos task next --as ${agent}`}>{agent} has nothing to do.</Empty>
  );
}
