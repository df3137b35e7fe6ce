import { useState } from 'preact/hooks';
import type { Candidate, TaskJson } from '../../../contract/tasks.ts';
import { isLegal, type TaskMove } from '../../../model/state.ts';
import { act, isReadOnly, look, me } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Dialog, Question } from '../../parts/ask/question.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';
import { Is } from '../people/presence.tsx';

interface MovesProps {
  readonly task: TaskJson;
  /** Looks again. */
  readonly after: () => void;
}

/** What may be done with it now: by anybody, and by the person, if it is his. */
export function Moves({ task, after }: MovesProps) {
  const [problem, setProblem] = useState<Problem>();
  const [asking, setAsking] = useState<'assign' | 'cancel'>();
  const [said, setSaid] = useState('');
  if (isReadOnly.value) return null;
  const { id, title, state, assignee } = task;
  const isMine = assignee !== undefined && assignee.toLowerCase() === me.value?.toLowerCase();
  const may = (move: TaskMove): boolean => isLegal(move, state);
  const doing = (run: () => Promise<unknown>, what: string) => (): Promise<void> =>
    attempt(async () => {
      await run();
      setSaid('');
      say(what);
      after();
    }, setProblem);
  const words = said.trim();
  return (
    <>
      <div class="buttons">
        {isMine && state === 'assigned' && (
          <Action kind="main" press="t" run={doing(() => act('tasks.accept', { id }), 'You are at it, under a lease.')}>
            Begin it
          </Action>
        )}
        {isMine && may('done') && (
          <>
            <label class="finder">
              <span class="said">What came of it, or why it cannot be done</span>
              <input
                placeholder="What came of it, or why it cannot be done"
                value={said}
                onInput={(event) => setSaid(event.currentTarget.value)}
              />
            </label>
            <Action
              kind="main"
              press="e"
              run={doing(() => act('tasks.done', { id, ...(words && { result: words }) }), 'It is done.')}
            >
              Done
            </Action>
            <Action run={doing(() => act('tasks.fail', { id, ...(words && { reason: words }) }), 'It is given up.')}>
              Give up
            </Action>
          </>
        )}
        {may('assign') && <Action run={() => setAsking('assign')}>Assign…</Action>}
        {may('retry') && (
          <Action kind="main" run={doing(() => act('tasks.retry', { id }), 'It is to be done again.')}>
            Retry
          </Action>
        )}
        {may('cancel') && <Action run={() => setAsking('cancel')}>Cancel it…</Action>}
      </div>
      <Trouble problem={problem} />
      {asking === 'assign' && <Assign task={task} close={() => setAsking(undefined)} after={after} />}
      {asking === 'cancel' && (
        <Question
          title="Call this task off?"
          yes="Call it off"
          kind="danger"
          close={() => setAsking(undefined)}
          run={async () => {
            await act('tasks.cancel', { id });
            say(`“${title}” is called off.`);
            after();
          }}
        >
          <p>
            {state === 'active' ? `${assignee} is at it, and loses it. ` : ''}What waits for it waits on, until it is
            retried and done.
          </p>
        </Question>
      )}
    </>
  );
}

/** Who could do it, and why not: the choice is the person's, or the core's. */
function Assign({ task: { id, title, assignee }, close, after }: MovesProps & { close: () => void }) {
  const seen = useLook(`candidates ${id}`, (signal) => look('tasks.explain', { id }, signal), { when: false });
  const [problem, setProblem] = useState<Problem>();
  const give = (agent?: string) => (): Promise<void> =>
    attempt(async () => {
      const given = await act('tasks.assign', { id, ...(agent !== undefined && { agent }) });
      say(`“${title}” lies with ${given.assignee ?? given.mailbox}.`);
      close();
      after();
    }, setProblem);
  return (
    <Dialog title={`Who is to do “${title}”?`} close={close}>
      <Trouble problem={problem} />
      <Shown look={seen}>
        {({ items }) => (
          <Rows of="Who could do it" columns={columnsOf(give, assignee)} rows={items} keyOf={({ agent }) => agent} />
        )}
      </Shown>
      <p class="buttons">
        <Action run={close}>Cancel</Action>
        <Action kind="main" run={give()}>
          {assignee === undefined ? 'Who suits best' : 'Another who suits best'}
        </Action>
      </p>
    </Dialog>
  );
}

const columnsOf = (
  give: (agent: string) => () => Promise<void>,
  assignee: string | undefined,
): readonly Column<Candidate>[] => [
  { name: 'Agent', cell: ({ agent }) => agent },
  { name: 'Is', cell: ({ state }) => <Is state={state} /> },
  {
    name: 'Tasks',
    number: true,
    from: 'medium',
    cell: ({ tasks, maxTasks }) => `${tasks} of ${maxTasks}`,
  },
  { name: 'But', from: 'medium', cell: ({ why }) => why ?? '' },
  {
    name: 'Give it',
    number: true,
    cell: ({ agent }) =>
      agent === assignee ? (
        'has it'
      ) : (
        <Action run={give(agent)} label={`Give it to ${agent}`}>
          Give
        </Action>
      ),
  },
];
