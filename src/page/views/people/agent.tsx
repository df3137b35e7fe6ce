import { useState } from 'preact/hooks';
import type { WhoIs } from '../../../contract/reach.ts';
import type { AgentCard } from '../../../model/agent.ts';
import { toCompose, toMailbox, toMessage } from '../../base/links.ts';
import { to } from '../../base/place.ts';
import { endOf, moment } from '../../base/words.ts';
import { act, look } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Question } from '../../parts/ask/question.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { Fact } from '../../parts/fact.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';
import { None, When } from '../../parts/when.tsx';
import { Presence } from './presence.tsx';

type Card = AgentCard & { readonly subscriptions: readonly string[] };

/** One agent: whether it is there, what it has on its hands, and what its card says. */
export function Agent({ name }: { name: string }) {
  const seen = useLook(`agent ${name}`, (signal) => agentOf(name, signal), {
    when: ({ mailbox, by }) => [mailbox, by].some((one) => one?.toLowerCase() === name.toLowerCase()),
    everyMs: 10_000,
  });
  const { value } = seen;
  return (
    <>
      <Heading title={value?.card.title ?? name}>
        {value && <Presence agent={{ ...value.card, presence: value.who.presence }} />}
        <a class="button" href={toMailbox(name)}>
          Mailbox
        </a>
        <a class="button" href={to(['tasks'], { agent: name })}>
          Tasks
        </a>
        {value && !value.card.retiredAt && (
          <a class="button" href={toCompose({ to: name })}>
            Write
          </a>
        )}
      </Heading>
      <Shown look={seen}>
        {({ card, who }) => (
          <>
            {card.description !== undefined && card.description !== '' && <p class="lead">{card.description}</p>}
            <Service card={card} after={seen.again} />
            <Now who={who} />
            <Holds who={who} />
            <Sessions who={who} />
            <About card={card} />
          </>
        )}
      </Shown>
    </>
  );
}

async function agentOf(name: string, signal: AbortSignal): Promise<{ card: Card; who: WhoIs }> {
  const [card, { items }] = await Promise.all([
    look('agent.show', { name }, signal),
    look('who', { agent: name, all: true }, signal),
  ]);
  const presence: WhoIs['presence'] = { state: 'unseen' };
  return { card, who: items[0] ?? { agent: name, presence, holds: [], unread: 0, oldestUnreadAgeMs: null } };
}

/** Paused it takes mail, and nothing is claimed from it; retired it takes none. */
function Service({ card: { name, pausedAt, pausedBy, retiredAt }, after }: { card: Card; after: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const [asking, setAsking] = useState(false);
  const doing = (run: () => Promise<unknown>, what: string) => (): Promise<void> =>
    attempt(async () => {
      await run();
      say(what);
      after();
    }, setProblem);
  if (retiredAt)
    return (
      <p class="stuck">
        It has retired <When at={retiredAt} />: new mail for it is refused. It comes back by{' '}
        <code>dreamos agent register {name}</code>
      </p>
    );
  return (
    <>
      {pausedAt && (
        <p class="stuck">
          {pausedBy ?? 'Somebody'} has paused it <When at={pausedAt} />: it takes mail, and nothing is claimed from it.
        </p>
      )}
      <div class="buttons">
        {pausedAt ? (
          <Action
            kind="main"
            run={doing(() => act('resume', { mailbox: name }), `${name} may claim again.`)}
            label={`Resume ${name}`}
          >
            Resume
          </Action>
        ) : (
          <Action
            run={doing(() => act('pause', { mailbox: name }), `Nothing is claimed from ${name} any more.`)}
            label={`Pause ${name}`}
          >
            Pause
          </Action>
        )}
        <Action run={() => setAsking(true)} label={`Retire ${name}`}>
          Retire…
        </Action>
        <Trouble problem={problem} />
      </div>
      {asking && (
        <Question
          title={`Retire ${name}?`}
          yes={`Retire ${name}`}
          kind="danger"
          close={() => setAsking(false)}
          run={async () => {
            await act('agent.retire', { name });
            say(`${name} has retired.`);
            after();
          }}
        >
          <p>New mail for it is refused from then on. What it has stays, and can still be read.</p>
        </Question>
      )}
    </>
  );
}

function Now({ who: { presence, unread, oldestUnreadAgeMs, errorRate } }: { who: WhoIs }) {
  const { note, seenAt, startedAt, pid, running, host, label } = presence;
  return (
    <dl class="facts">
      {note !== undefined && <Fact name="at">{note}</Fact>}
      {seenAt !== undefined && (
        <Fact name="seen">
          <When at={seenAt} />
        </Fact>
      )}
      {startedAt !== undefined && (
        <Fact name="started">
          <When at={startedAt} />
        </Fact>
      )}
      {pid !== undefined && (
        <Fact name="process">
          {pid}
          {running === false && ', which has ended'}
        </Fact>
      )}
      {host !== undefined && <Fact name="on">{host}</Fact>}
      {label !== undefined && <Fact name="label">{label}</Fact>}
      <Fact name="unread">
        {unread}
        {oldestUnreadAgeMs !== null && (
          <>
            , the oldest from <When at={new Date(Date.now() - oldestUnreadAgeMs).toISOString()} />
          </>
        )}
      </Fact>
      {errorRate !== undefined && <Fact name="failed">{Math.round(errorRate * 100)} % in the last hour</Fact>}
    </dl>
  );
}

const heldColumns: readonly Column<WhoIs['holds'][number]>[] = [
  {
    name: 'Message',
    cell: ({ id }) => (
      <a data-row href={toMessage(id)}>
        <code>{endOf(id)}</code>
      </a>
    ),
  },
  { name: 'Held by', cell: ({ heldBy, heldLabel }) => [heldBy, heldLabel].filter(Boolean).join(' ') || <None /> },
  { name: 'Attempt', number: true, from: 'medium', cell: ({ attempt: n }) => n },
  {
    name: 'Since',
    number: true,
    from: 'medium',
    cell: ({ heldSince }) => (heldSince ? <When at={heldSince} /> : <None />),
  },
  { name: 'Lease ends', number: true, cell: ({ leaseUntil }) => <When at={leaseUntil} /> },
];

function Holds({ who: { holds } }: { who: WhoIs }) {
  if (holds.length === 0) return null;
  return (
    <>
      <h2>What it holds</h2>
      <Rows of="What it holds" columns={heldColumns} rows={holds} keyOf={({ id }) => id} />
    </>
  );
}

type Session = NonNullable<WhoIs['sessions']>[number];

const sessionColumns: readonly Column<Session>[] = [
  { name: 'Tool', cell: ({ host }) => host },
  { name: 'Is', cell: ({ state }) => <State of={state} /> },
  { name: 'Since', number: true, cell: ({ since }) => <When at={since} /> },
  { name: 'Session', from: 'medium', cell: ({ session }) => <code>{session}</code> },
];

function Sessions({ who: { sessions = [] } }: { who: WhoIs }) {
  if (sessions.length === 0) return null;
  return (
    <>
      <h2>Sessions of its tools</h2>
      <Rows
        of="Sessions"
        columns={sessionColumns}
        rows={sessions}
        keyOf={({ host, session }) => `${host} ${session}`}
      />
    </>
  );
}

const list = (all: readonly string[] | undefined): string => (all ?? []).join(', ');

function About({ card }: { card: Card }) {
  const { name, kind, groups, capabilities, maxTasks, standbyFor, version, skills, settings, subscriptions } = card;
  const own = Object.entries(settings ?? {});
  return (
    <>
      <h2>Card</h2>
      <dl class="facts">
        <Fact name="name">{name}</Fact>
        {kind !== undefined && <Fact name="kind">{kind}</Fact>}
        {version !== undefined && <Fact name="version">{version}</Fact>}
        {list(groups) !== '' && <Fact name="groups">{list(groups?.map((group) => `@${group}`))}</Fact>}
        {list(capabilities) !== '' && <Fact name="can">{list(capabilities)}</Fact>}
        {skills !== undefined && skills.length > 0 && (
          <Fact name="skills">{list(skills.map((skill) => skill.name))}</Fact>
        )}
        <Fact name="tasks at once">{maxTasks ?? 1}</Fact>
        {list(standbyFor) !== '' && <Fact name="stands in for">{list(standbyFor)}</Fact>}
        {subscriptions.length > 0 && <Fact name="subscribed to">{list(subscriptions)}</Fact>}
        {own.map(([key, value]) => (
          <Fact key={key} name={key}>
            {typeof value === 'string' ? value : JSON.stringify(value)}
          </Fact>
        ))}
        {card.keys?.[0] !== undefined && (
          <Fact name="key">
            <code>{card.keys[0].id}</code>
          </Fact>
        )}
        <Fact name="since">{moment(card.createdAt)}</Fact>
      </dl>
    </>
  );
}
