import type { ComponentChildren } from 'preact';
import type { EntryJson, ShownJson } from '../../../contract/look.ts';
import type { ShownTask, TaskJson } from '../../../contract/tasks.ts';
import { toTask } from '../../base/links.ts';
import { endOf } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { State } from '../../parts/state.tsx';
import { movesTasks } from './states.ts';

/** What it waits for, what waits for it, what it is a part of and what is a part of it. */
export function Around({ task: { id, dependsOn, waitsFor = [], parent, children } }: { task: ShownTask }) {
  const waiting = useLook(
    `waiting for ${id}`,
    (signal) => look('tasks.list', { state: ['blocked'], limit: 1000 }, signal),
    {
      when: movesTasks,
    },
  );
  const blocked = waiting.value?.items.filter((one) => one.waitsFor?.includes(id)) ?? [];
  return (
    <div class="around">
      {dependsOn.length > 0 && (
        <Group title={waitsFor.length > 0 ? 'It waits for' : 'It waited for'}>
          {dependsOn.map((one) => (
            <Named key={one} id={one} isOpen={waitsFor.includes(one)} />
          ))}
        </Group>
      )}
      {blocked.length > 0 && (
        <Group title="Waits for it">
          {blocked.map((one) => (
            <Line key={one.id} id={one.id} title={one.title} state={one.state} />
          ))}
        </Group>
      )}
      {parent !== undefined && (
        <Group title="It is a part of">
          <Named id={parent} />
        </Group>
      )}
      {children.length > 0 && (
        <Group title="Its parts">
          {children.map((one) => (
            <Named key={one} id={one} />
          ))}
        </Group>
      )}
    </div>
  );
}

function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

function Line({ id, title, state }: { id: string; title: string; state: string | undefined }) {
  return (
    <li>
      <a data-row href={toTask(id)}>
        {title}
      </a>{' '}
      {state !== undefined && <State of={state} />}
    </li>
  );
}

/** By its message alone: a task whole is a look at all the others. @param isOpen it is known that it is not done */
function Named({ id, isOpen }: { id: string; isOpen?: boolean }) {
  const { value, problem } = useLook(`message ${id}`, (signal) => look('show', { id }, signal), {
    when: (event) => event.id === id,
  });
  if (problem?.status === 404) return <Line id={id} title={endOf(id)} state="gone" />;
  return <Line id={id} title={value?.message.subject ?? endOf(id)} state={value && stateOf(value, isOpen)} />;
}

function stateOf({ entries: [entry] }: ShownJson, isOpen = false): TaskJson['state'] | 'waiting' | 'gone' {
  if (!entry) return 'gone';
  const states: Readonly<Record<EntryJson['state'], TaskJson['state'] | 'waiting'>> = {
    archived: entry.withdrawn ? 'cancelled' : 'done',
    dead: 'failed',
    inflight: 'active',
    ready: 'waiting',
    delayed: 'waiting',
  };
  const state = states[entry.state];
  // It was seen a moment later.
  return isOpen && state === 'done' ? 'waiting' : state;
}
