import { useEffect, useRef } from 'preact/hooks';
import { toCompose } from '../../base/links.ts';
import { inPlace, place, to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import type { Page } from '../../data/answers.ts';
import { look, me } from '../../data/api.ts';
import { newest } from '../../data/newest.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { Letter, subjectOf } from '../../parts/mail/letter.tsx';
import { MailRows, type MailRow } from '../../parts/mail/mail-rows.tsx';
import { afterInAddress, Pages, pageSize, partOf, Parts } from '../../parts/ask/pages.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Answer, Settle } from './settle.tsx';

/** The person is an agent, too: what waits for him, what he holds, what he has done and sent. */
export const inbox: View = {
  path: 'inbox',
  menu: { name: 'Inbox', group: 'Mail', press: 'i' },
  stays: true,
  Show: Inbox,
};

const sides = ['waiting', 'done', 'sent'] as const;
type Side = (typeof sides)[number];

function Inbox({ path: [id] }: { path: readonly string[] }) {
  const side = (place.value.query.get('side') ?? 'waiting') as Side;
  const own = me.value;
  return (
    <>
      <Heading title="Inbox">
        <a class="button main" href={toCompose({})} data-press="c">
          Write
        </a>
      </Heading>
      {own === undefined ? (
        <Empty type="dreamos token create <agent>">Nobody in particular asks, so there is no inbox.</Empty>
      ) : (
        <>
          <Tabs
            label="Sides of the inbox"
            tabs={sides.map((name) => ({
              href: to(['inbox'], { side: name }),
              name: { waiting: 'Waiting', done: 'Done', sent: 'Sent' }[name],
              here: name === side,
            }))}
          />
          <div class={id === undefined ? 'desk' : 'desk open'}>
            <Mail own={own} side={side} id={id} />
            {id !== undefined && <Reading id={id} />}
          </div>
        </>
      )}
    </>
  );
}

function Mail({ own, side, id }: { own: string; side: Side; id: string | undefined }) {
  const after = afterInAddress();
  const seen = useLook(`inbox ${own} ${side} ${after}`, (signal) => mailOf(own, side, after, signal), {
    when: (event) => side === 'sent' || event.mailbox === own,
  });
  return (
    <div class="pile">
      <Shown look={seen}>
        {({ items, next, isCut }) => {
          const hrefOf = (row: MailRow): string => inPlace(['inbox', row.id]);
          const more = { hrefOf, here: id, hasState: side === 'sent' };
          if (items.length === 0) return <NoneOf side={side} own={own} />;
          if (side === 'sent') {
            return (
              <>
                <MailRows of="Sent" rows={partOf(items)} sent {...more} />
                <Parts all={items.length} />
                {isCut && (
                  <p class="quiet">
                    There are older ones: <code>dreamos list --from {own} --state all</code>
                  </p>
                )}
              </>
            );
          }
          const held = items.filter(({ state }) => state === 'inflight');
          const rest = items.filter(({ state }) => state !== 'inflight');
          return (
            <>
              {held.length > 0 && <h2>Held</h2>}
              {held.length > 0 && <MailRows of="Held" rows={held} {...more} />}
              {held.length > 0 && rest.length > 0 && <h2>Waiting</h2>}
              {rest.length > 0 && <MailRows of="Waiting" rows={rest} {...more} />}
              <Pages next={next} shown={items.length} />
            </>
          );
        }}
      </Shown>
    </div>
  );
}

interface Pile extends Page<MailRow> {
  /** There are older ones. */
  readonly isCut?: boolean;
}

async function mailOf(own: string, side: Side, after: string | undefined, signal: AbortSignal): Promise<Pile> {
  if (side === 'done') {
    const { items, next } = await look('archive.list', { mailbox: own, limit: pageSize, after }, signal);
    return { items: items.map((item) => ({ ...item, state: 'archived', at: item.ackedAt })), next };
  }
  if (side === 'sent') {
    const sent = await newest([undefined, ['archived', 'dead']], (state, limit, behind) =>
      look('list', { from: own, state, limit, after: behind }, signal),
    );
    return { ...sent, next: null };
  }
  return look('list', { mailbox: own, state: ['inflight', 'ready'], limit: pageSize, after }, signal);
}

function NoneOf({ side, own }: { side: Side; own: string }) {
  if (side === 'waiting')
    return <Empty type={`dreamos send ${own} "hello" --as ${own}`}>Nothing waits for {own}.</Empty>;
  if (side === 'done') return <Empty>{own} has finished nothing yet.</Empty>;
  return <Empty type={`dreamos send <agent> "hello" --as ${own}`}>{own} has sent nothing yet.</Empty>;
}

/** As mail.css has it. */
const isNarrow = matchMedia('(width < 70em)');

/** Beside the list where there is room, in its place where there is not. */
function Reading({ id }: { id: string }) {
  const seen = useLook(`message ${id}`, (signal) => look('show', { id }, signal), {
    when: (event) => event.id === id || event.replyTo === id,
  });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (seen.value && isNarrow.matches) heading.current?.focus();
  }, [seen.value?.message.id]);
  return (
    <section class="reading" aria-label={seen.value ? subjectOf(seen.value.message) : 'Message'}>
      <a class="back" href={inPlace(['inbox'])} data-press="u">
        Back to the list
      </a>
      <Shown look={seen}>
        {(shown) => (
          <>
            <h2 ref={heading} tabIndex={-1}>
              {subjectOf(shown.message)}
            </h2>
            <Letter shown={shown}>
              <Settle shown={shown} after={seen.again} />
              <Answer shown={shown} after={seen.again} />
              <p class="buttons">
                <a href={to(['thread', id])}>Thread</a>
                <a href={to(['trace', id])}>Trace</a>
                <a href={to(['message', id])}>Whole page</a>
              </p>
            </Letter>
          </>
        )}
      </Shown>
    </section>
  );
}
