import type { ComponentChildren } from 'preact';
import type { TaskJson } from '../../../contract/tasks.ts';
import { toAgent, toTask } from '../../base/links.ts';
import { endOf, many } from '../../base/words.ts';
import { When } from '../../parts/when.tsx';

interface CardProps {
  readonly task: TaskJson;
  /** Of another one on the board. */
  readonly titleOf: (id: string) => string | undefined;
  /** So many others wait for it. */
  readonly holdsUp: number;
  /** It waits for the one that is looked at, or that one for it. */
  readonly isNear: boolean;
  readonly near: (id: string | undefined) => void;
}

/** A task on the board. */
export function Card({ task, titleOf, holdsUp, isNear, near }: CardProps) {
  const { id, title, assignee, state, tags = [], waitsFor = [], progress } = task;
  return (
    <li
      class={isNear ? 'card near' : 'card'}
      onMouseEnter={() => near(id)}
      onMouseLeave={() => near(undefined)}
      onFocusIn={() => near(id)}
      onFocusOut={() => near(undefined)}
    >
      <p>
        <Mark task={task} />
        <a data-row href={toTask(id)}>
          {title}
        </a>
        {tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
      </p>
      {assignee !== undefined && (
        <p>
          <a class="who" href={toAgent(assignee)}>
            {assignee}
          </a>
        </p>
      )}
      {state === 'active' && <Progress progress={progress} title={title} />}
      {waitsFor.length > 0 && (
        <p class="quiet">
          waits for{' '}
          {joined(
            waitsFor.map((one) => (
              <a key={one} href={toTask(one)}>
                {titleOf(one) ?? endOf(one)}
              </a>
            )),
          )}
        </p>
      )}
      <Remarks task={task} holdsUp={holdsUp} />
    </li>
  );
}

function joined(all: readonly ComponentChildren[]): ComponentChildren {
  return all.map((one, i) => (i === 0 ? one : [', ', one]));
}

export function Mark({ task: { priority } }: { task: Pick<TaskJson, 'priority'> }) {
  return priority === 'normal' ? null : <span class={`mark ${priority}`}>{priority}</span>;
}

export function Progress({ progress, title }: { progress: TaskJson['progress']; title: string }) {
  if (!progress) return null;
  const { percent, note } = progress;
  return (
    <p class="progress">
      {percent !== undefined && (
        <>
          <progress max={100} value={percent} aria-label={`Progress of ${title}`} />{' '}
          <span class="number">{percent} %</span>
        </>
      )}
      {note !== undefined && <span class="quiet"> {note}</span>}
    </p>
  );
}

/** Why it is where it is, and until when. */
export function Remarks({ task, holdsUp }: { task: TaskJson; holdsUp: number }) {
  const { leaseUntil, deadline, overdue, missing, reason, state, endedAt } = task;
  const said: ComponentChildren[] = [];
  if (missing !== undefined) said.push(`lacks ${missing}`);
  if (reason !== undefined) said.push(reason);
  if (state === 'failed' && endedAt !== undefined) said.push(<When at={endedAt} />);
  if (leaseUntil !== undefined)
    said.push(
      <>
        lease ends <When at={leaseUntil} />
      </>,
    );
  if (deadline !== undefined)
    said.push(
      <span class={overdue ? 'late' : undefined}>
        {overdue ? 'was due ' : 'due '}
        <When at={deadline} />
      </span>,
    );
  if (holdsUp > 0) said.push(`${many(holdsUp, 'task')} ${holdsUp === 1 ? 'waits' : 'wait'} for it`);
  if (said.length === 0) return null;
  return (
    <p class="quiet">
      {said.map((one, i) => (
        <span key={i}>
          {i > 0 && ' · '}
          {one}
        </span>
      ))}
    </p>
  );
}
