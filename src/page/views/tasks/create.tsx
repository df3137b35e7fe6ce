import { useState } from 'preact/hooks';
import { toTask } from '../../base/links.ts';
import { go, place } from '../../base/place.ts';
import { listIn } from '../../base/words.ts';
import { act, look } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Field } from '../../parts/ask/field.tsx';
import { Form, useDraft } from '../../parts/ask/form.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { attempt } from '../../parts/trouble.tsx';

const names = ['title', 'body', 'requires', 'priority', 'dependsOn', 'parent', 'deadline', 'tags'] as const;
type Draft = Record<(typeof names)[number], string>;

/** A new task. `?dependsOn=` and the like fill it in. */
export function Create() {
  const { draft, field } = useDraft(
    () => Object.fromEntries(names.map((name) => [name, place.value.query.get(name) ?? ''])) as Draft,
  );
  const [problem, setProblem] = useState<Problem>();
  const open = useLook('open tasks', (signal) => look('tasks.list', { limit: 200 }, signal), { when: false });
  const create = (): Promise<void> =>
    attempt(async () => {
      const { id, title, state, assignee } = await act('tasks.create', asMade(draft));
      say(`“${title}” is ${state}${assignee === undefined ? '' : `, and lies with ${assignee}`}.`);
      go(toTask(id));
    }, setProblem);
  return (
    <Form
      title="New task"
      does="Create"
      isWhole={draft.title !== ''}
      run={create}
      problem={problem}
      remark="It goes to who can do it, is there and has room; else it waits."
    >
      <Field label="Title" hint="what is to be done, in a line" required {...field('title')} />
      <Field label="Body" hint="all that is to be known for it" rows={6} {...field('body')} />
      <div class="fields">
        <Field label="Requires" hint="ts, docs" {...field('requires')} />
        <Field label="Priority" options={['', 'low', 'normal', 'high', 'urgent']} {...field('priority')} />
        <Field label="Waits for" hint="ids of tasks" list="open-tasks" {...field('dependsOn')} />
        <Field label="Part of" hint="a task's id" list="open-tasks" {...field('parent')} />
        <Field label="Deadline" hint="2h, or a moment" {...field('deadline')} />
        <Field label="Tags" hint="with commas" {...field('tags')} />
      </div>
      <datalist id="open-tasks">
        {open.value?.items.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </datalist>
    </Form>
  );
}

/** What was not filled in is not said. */
function asMade({ requires, dependsOn, tags, ...texts }: Draft): object {
  const lists = Object.entries({ requires, dependsOn, tags }).map(([name, text]) => [name, listIn(text)] as const);
  return Object.fromEntries(
    [...Object.entries(texts).map(([name, text]) => [name, text.trim()] as const), ...lists].filter(
      ([, value]) => value.length > 0,
    ),
  );
}
