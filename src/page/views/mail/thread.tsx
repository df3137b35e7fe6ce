import type { ShownJson } from '../../../contract/look.ts';
import { toCompose, toMessage } from '../../base/links.ts';
import type { Words } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { many, moment, span } from '../../base/words.ts';
import { isReadOnly, look, me } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { addresseesOf, Body, subjectOf } from '../../parts/mail/letter.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { Answer } from './settle.tsx';

/** A conversation, the oldest first. */
export const thread: View = { path: 'thread', Show: ThreadView };

/** After so long a silence it is said how long it was. */
const silenceMs = 10 * 60_000;

function ThreadView({ path: [id = ''] }: { path: readonly string[] }) {
  const seen = useLook(`thread ${id}`, (signal) => look('thread', { id }, signal));
  const all = seen.value?.items ?? [];
  const [first] = all;
  const last = all.findLast(({ message, entries }) => message.from !== me.value && entries.some(isMine));
  return (
    <>
      <Heading title={first ? subjectOf(first.message) : 'Thread'}>
        {first && (
          <span class="quiet">
            {many(all.length, 'message')} · {[...new Set(all.map(({ message }) => message.from))].join(', ')}
          </span>
        )}
        {first && !isReadOnly.value && (
          <a class="button" href={toCompose(draftIn(all))}>
            Write in it
          </a>
        )}
      </Heading>
      <Shown look={seen}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing is left of this conversation.</Empty>
          ) : (
            <ol class="talk">
              {items.map((shown, i) => (
                <Turn key={shown.message.id} shown={shown} before={items[i - 1]} />
              ))}
            </ol>
          )
        }
      </Shown>
      {last && <Answer key={last.message.id} shown={last} after={seen.again} />}
    </>
  );
}

/** To all others who have written in it, or were written to. */
function draftIn(all: readonly ShownJson[]): Words {
  const people = new Set(all.flatMap(({ message: { from, to } }) => [from, ...to]));
  if (me.value !== undefined) people.delete(me.value);
  const [first] = all;
  return { to: [...people].join(', '), thread: first?.message.thread ?? first?.message.id };
}

const isMine = ({ mailbox }: { mailbox: string }): boolean => mailbox.toLowerCase() === me.value?.toLowerCase();

function Turn({ shown, before }: { shown: ShownJson; before: ShownJson | undefined }) {
  const { message, entries } = shown;
  const silentMs = before ? Date.parse(message.createdAt) - Date.parse(before.message.createdAt) : 0;
  return (
    <li class={message.from === me.value ? 'turn mine' : 'turn'}>
      {silentMs > silenceMs && <p class="silence">{span(silentMs)} later</p>}
      <article aria-label={`${message.from}: ${subjectOf(message)}`}>
        <p class="from">
          <strong>{message.from}</strong> <span class="quiet">to {addresseesOf(message)}</span>
          <span class="gap" />
          <a href={toMessage(message.id)} data-row>
            <time dateTime={message.createdAt}>{moment(message.createdAt)}</time>
          </a>
        </p>
        <Body message={message} />
        <p class="whereabouts">
          {entries.map(({ mailbox, state }) => (
            <span key={mailbox}>
              <State of={state}>{state === 'archived' ? 'done' : undefined}</State> {mailbox}
            </span>
          ))}
        </p>
      </article>
    </li>
  );
}
