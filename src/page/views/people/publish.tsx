import { useState } from 'preact/hooks';
import { toMessage, toTopic } from '../../base/links.ts';
import { act, isReadOnly, me } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { Action, pressMain } from '../../parts/ask/button.tsx';
import { Field } from '../../parts/ask/field.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';

interface PublishProps {
  /** Absent: it is asked for. */
  readonly topic?: string;
  readonly after: () => void;
}

/** As the person, to all who are subscribed. */
export function Publish({ topic, after }: PublishProps) {
  const [draft, setDraft] = useState({ topic: '', subject: '', body: '' });
  const [problem, setProblem] = useState<Problem>();
  if (isReadOnly.value || me.value === undefined) return null;
  const to = topic ?? draft.topic;
  const isWhole = to !== '' && draft.body !== '';
  const field = (name: keyof typeof draft) => ({
    value: draft[name],
    onInput: (value: string) => setDraft({ ...draft, [name]: value }),
  });
  const publish = (): Promise<void> =>
    attempt(async () => {
      const { subject, body } = draft;
      const { id, mailboxes } = await act('publish', { topic: to, body, ...(subject !== '' && { subject }) });
      const subscribers = mailboxes.filter((name) => !name.startsWith('topic.'));
      setDraft({ ...draft, subject: '', body: '' });
      say(
        <>
          <a href={toMessage(id)}>It</a> is in <a href={toTopic(to)}>{to}</a>
          {subscribers.length > 0 && `, and with ${subscribers.join(', ')}`}.
        </>,
      );
      after();
    }, setProblem);
  return (
    <details class="compose">
      <summary>Publish {topic === undefined ? 'to a topic' : `to ${topic}`}</summary>
      <form onSubmit={pressMain}>
        {topic === undefined && <Field label="Topic" hint="build.done" required {...field('topic')} />}
        <Field label="Subject" {...field('subject')} />
        <Field label="Body" rows={4} {...field('body')} />
        <Trouble problem={problem} />
        <p class="buttons">
          <Action kind="main" disabled={!isWhole} run={publish}>
            Publish
          </Action>
        </p>
      </form>
    </details>
  );
}
