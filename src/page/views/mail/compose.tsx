import { useState } from 'preact/hooks';
import { toMessage } from '../../base/links.ts';
import { place } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { listIn } from '../../base/words.ts';
import { act } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { Field } from '../../parts/ask/field.tsx';
import { Form, Recipients, useDraft } from '../../parts/ask/form.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { attempt } from '../../parts/trouble.tsx';

export const compose: View = { path: 'compose', menu: { name: 'Write', group: 'Mail', press: 'c' }, Show: Compose };

const fields = ['to', 'subject', 'body', 'type', 'priority', 'tags', 'thread', 'data', 'delay'] as const;
type Draft = Record<(typeof fields)[number], string>;

/** `?to=` and the like fill it in. */
function draftInAddress(): Draft {
  const { query } = place.value;
  return Object.fromEntries(fields.map((name) => [name, query.get(name) ?? ''])) as Draft;
}

function Compose() {
  const { draft, setDraft, field } = useDraft(draftInAddress);
  const [problem, setProblem] = useState<Problem>();
  const send = (): Promise<void> =>
    attempt(async () => {
      const { id, mailboxes } = await act('send', asSent(draft));
      say(
        <>
          <a href={toMessage(id)}>It</a> is with {mailboxes.join(', ')}.
        </>,
      );
      setDraft({ ...draftInAddress(), to: '', subject: '', body: '', thread: '', data: '' });
    }, setProblem);
  return (
    <Form
      title="Write"
      does="Send"
      isWhole={draft.to !== '' && draft.body !== ''}
      run={send}
      problem={problem}
      remark="It is on disk before the page says so."
    >
      <Recipients {...field('to')} />
      <Field label="Subject" {...field('subject')} />
      <Field label="Body" rows={10} {...field('body')} />
      <details open={draft.thread !== '' || draft.type !== ''}>
        <summary>More</summary>
        <div class="fields">
          <Field label="Type" hint="message" list="types" {...field('type')} />
          <datalist id="types">
            {['message', 'task', 'event', 'alert'].map((type) => (
              <option key={type} value={type} />
            ))}
          </datalist>
          <Field label="Priority" options={['', 'low', 'normal', 'high', 'urgent']} {...field('priority')} />
          <Field label="Tags" hint="with commas" {...field('tags')} />
          <Field label="Thread" {...field('thread')} />
          <Field label="Delay" hint="5m" {...field('delay')} />
        </div>
        <Field label="Data" hint="JSON" rows={3} {...field('data')} />
      </details>
    </Form>
  );
}

/** @throws SyntaxError, which says where */
function asSent({ to, tags, data, ...draft }: Draft): object {
  const said = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== ''));
  return {
    ...said,
    to: listIn(to),
    ...(tags !== '' && { tags: listIn(tags) }),
    ...(data.trim() !== '' && { data: JSON.parse(data) as unknown }),
  };
}
