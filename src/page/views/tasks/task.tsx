import type { ShownTask } from '../../../contract/tasks.ts';
import { stateMeanings } from '../../../model/state.ts';
import { toAgent, toMessage, toTrace } from '../../base/links.ts';
import { to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { endOf, moment, span } from '../../base/words.ts';
import { isReadOnly, look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Fact } from '../../parts/fact.tsx';
import { Heading } from '../../parts/heading.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { When } from '../../parts/when.tsx';
import { Mark, Progress } from './card.tsx';
import { Moves } from './moves.tsx';
import { Around } from './around.tsx';
import { movesTasks } from './states.ts';

/** One task whole: where it stands, what it waits for and what waits for it, and its history. */
export const task: View = { path: 'task', Show: TaskView };

function TaskView({ path: [id = ''] }: { path: readonly string[] }) {
  // What it waits for moves it, too.
  const seen = useLook(`task ${id}`, (signal) => look('tasks.show', { id }, signal), {
    when: movesTasks,
    everyMs: 5000,
  });
  const { value } = seen;
  return (
    <>
      <Heading title={value?.title ?? `Task ${endOf(id)}`}>
        {value && <State of={value.state} />}
        <a class="button" href={toMessage(id)}>
          As a message
        </a>
        <a class="button" href={toTrace(id)}>
          Trace
        </a>
      </Heading>
      <Shown look={seen}>
        {(shown) => (
          <>
            <p class="sum">
              <Mark task={shown} />
              {stateMeanings[shown.state]}
              {shown.assignee !== undefined && (
                <>
                  {': '}
                  <a href={toAgent(shown.assignee)}>{shown.assignee}</a>
                </>
              )}
            </p>
            {shown.state === 'active' && <Progress progress={shown.progress} title={shown.title} />}
            <Moves task={shown} after={seen.again} />
            <What task={shown} />
            <Facts task={shown} />
            <Around task={shown} />
            {!isReadOnly.value && (
              <p class="buttons">
                <a class="button" href={to(['tasks', 'new'], { dependsOn: shown.id })}>
                  A task that waits for it…
                </a>
                <a class="button" href={to(['tasks', 'new'], { parent: shown.id })}>
                  A part of it…
                </a>
              </p>
            )}
            <History task={shown} />
          </>
        )}
      </Shown>
    </>
  );
}

/** What is to be read for it, and what came of it. */
function What({ task: { body, input, result, data, reason } }: { task: ShownTask }) {
  return (
    <div class="letter">
      {body === '' ? <p class="quiet">Its title says all.</p> : <pre class="plain">{body}</pre>}
      {input !== undefined && <Json name="Its data" value={input} />}
      {(result !== undefined || data !== undefined || reason !== undefined) && (
        <div class="outcome">
          <p class="quiet">{reason === undefined ? 'What came of it' : 'Why it failed'}</p>
          {(result ?? reason) !== undefined && <pre class="plain">{result ?? reason}</pre>}
          {data !== undefined && <Json name="Data" value={data} />}
        </div>
      )}
    </div>
  );
}

function Json({ name, value }: { name: string; value: unknown }) {
  return (
    <details class="data">
      <summary>{name}</summary>
      <pre>{JSON.stringify(value, undefined, 2)}</pre>
    </details>
  );
}

function Facts({ task: one }: { task: ShownTask }) {
  const { id, by, createdAt, tags = [], requires, deadline, overdue, attempt, leaseUntil, endedAt, missing } = one;
  return (
    <dl class="facts">
      {missing !== undefined && <Fact name="lacks">{missing}</Fact>}
      {leaseUntil !== undefined && (
        <Fact name="lease ends">
          <When at={leaseUntil} />
        </Fact>
      )}
      {deadline !== undefined && (
        <Fact name="deadline">
          <span class={overdue ? 'late' : undefined}>
            {moment(deadline)} {overdue && 'overdue'}
          </span>
        </Fact>
      )}
      {requires.length > 0 && <Fact name="requires">{requires.join(', ')}</Fact>}
      {tags.length > 0 && <Fact name="tags">{tags.join(', ')}</Fact>}
      {attempt > 0 && <Fact name="attempt">{attempt}</Fact>}
      <Fact name="made">
        by <a href={toAgent(by)}>{by}</a>, <When at={createdAt} />
      </Fact>
      {endedAt !== undefined && (
        <Fact name="ended">
          <When at={endedAt} />
        </Fact>
      )}
      <Fact name="id">
        <code>{id}</code>
      </Fact>
    </dl>
  );
}

function History({ task: { history, id } }: { task: ShownTask }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      {history.length === 0 && <p class="quiet">The event logs do not go back so far.</p>}
      <ol class="events">
        {history.map((step, i) => (
          <li key={`${step.at} ${step.event} ${i}`}>
            <time dateTime={step.at} title={moment(step.at, { millis: true })}>
              {i === 0 ? 'begins' : `+${span(step.sinceStartMs)}`}
            </time>
            <span>
              <State of={step.event} /> {step.mailbox}
            </span>
            <span class="what quiet">
              {step.by !== undefined && step.by !== step.mailbox && `by ${step.by} `}
              {step.heldMs !== undefined && `after ${span(step.heldMs)} `}
              {step.to !== undefined && `to ${step.to} `}
              {step.reason ?? step.note}
              {step.id !== id && (
                <>
                  {' '}
                  <a href={toMessage(step.id)}>{step.subject || endOf(step.id)}</a>
                </>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
