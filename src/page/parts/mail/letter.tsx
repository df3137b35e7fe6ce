import type { ComponentChildren } from 'preact';
import type { EntryJson, ShownJson } from '../../../contract/look.ts';
import type { Message } from '../../../model/message.ts';
import { toMailbox, toMessage, toThread } from '../../base/links.ts';
import { moment } from '../../base/words.ts';
import { Fact } from '../fact.tsx';
import { State } from '../state.tsx';
import { When } from '../when.tsx';

/** A message as people read it. Its body is text and nothing else: what looks like markup or a link stays what it is. */
export function Letter({ shown, children }: { shown: ShownJson; children?: ComponentChildren }) {
  const { message, entries } = shown;
  return (
    <article class="letter" aria-label={subjectOf(message)}>
      <p class="from">
        <strong>{message.from}</strong> to {addresseesOf(message)}
        <span class="gap" />
        <time dateTime={message.createdAt}>{moment(message.createdAt)}</time>
      </p>
      <p class="whereabouts">
        {entries.map((entry) => (
          <Whereabouts key={entry.mailbox} entry={entry} />
        ))}
      </p>
      <Body message={message} />
      <Particulars message={message} signature={shown.signature} />
      {children}
    </article>
  );
}

export function Body({ message }: { message: Message }) {
  const { body, data } = message;
  return (
    <>
      {body === '' ? <p class="quiet">It has no body.</p> : <pre class="body">{body}</pre>}
      {data !== undefined && data !== null && (
        <details class="data" open={body === ''}>
          <summary>Data</summary>
          <pre>{JSON.stringify(data, undefined, 2)}</pre>
        </details>
      )}
    </>
  );
}

/** Where it is: `held in reviewer by reviewer, until in 5m`. */
function Whereabouts({ entry }: { entry: EntryJson }) {
  const { mailbox, state, attempt, heldBy, leaseUntil, dueAt, ackedAt, deadAt, withdrawn } = entry;
  const at = leaseUntil ?? dueAt ?? ackedAt ?? deadAt;
  return (
    <span>
      <State of={state}>{withdrawn === true ? 'withdrawn' : state === 'archived' ? 'done' : undefined}</State>{' '}
      <a href={toMailbox(mailbox, { state })}>{mailbox}</a>
      {heldBy !== undefined && heldBy !== mailbox && <> by {heldBy}</>}
      {at !== undefined && (
        <span class="quiet">
          {' '}
          {leaseUntil !== undefined && 'lease ends '}
          <When at={at} />
        </span>
      )}
      {attempt > 1 && <span class="quiet"> attempt {attempt}</span>}
    </span>
  );
}

function Particulars({ message, signature }: { message: Message; signature: string | undefined }) {
  const { id, type, priority, thread, replyTo, tags, topic, expiresAt, replyBy, dedupeKey } = message;
  return (
    <dl class="particulars">
      <Fact name="id">
        <code>{id}</code>
      </Fact>
      <Fact name="type">{type}</Fact>
      {priority !== 'normal' && <Fact name="priority">{priority}</Fact>}
      {tags.length > 0 && <Fact name="tags">{tags.join(', ')}</Fact>}
      {topic !== undefined && <Fact name="topic">{topic}</Fact>}
      {thread !== null && (
        <Fact name="thread">
          <a href={toThread(thread)}>{thread}</a>
        </Fact>
      )}
      {replyTo !== null && (
        <Fact name="answers">
          <a href={toMessage(replyTo)}>{replyTo}</a>
        </Fact>
      )}
      {expiresAt !== null && (
        <Fact name="expires">
          <When at={expiresAt} />
        </Fact>
      )}
      {replyBy !== undefined && (
        <Fact name="answer by">
          <When at={replyBy} />
        </Fact>
      )}
      {dedupeKey !== null && <Fact name="dedupe key">{dedupeKey}</Fact>}
      {signature !== undefined && <Fact name="signature">{signature}</Fact>}
    </dl>
  );
}

/** What to call it: of one without a subject how its body begins. */
export function subjectOf({ subject, body }: Message): string {
  const [line = ''] = body.trimStart().split('\n', 1);
  return subject || line.slice(0, 120) || '(nothing)';
}

export function addresseesOf({ to, topic }: Message): string {
  if (topic !== undefined && to.length === 0) return `topic ${topic}`;
  return to.length > 4 ? `${to.slice(0, 3).join(', ')} and ${to.length - 3} more` : to.join(', ');
}
