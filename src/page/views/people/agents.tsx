import { place, change, to } from '../../base/place.ts';
import { toAgent } from '../../base/links.ts';
import type { View } from '../../base/view.ts';
import { count, many } from '../../base/words.ts';
import type { AgentListed } from '../../../contract/reach.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Finder } from '../../parts/ask/finder.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { None, Span, When, Zero } from '../../parts/when.tsx';
import { Agent } from './agent.tsx';
import { Presence } from './presence.tsx';

/** Who there is, and whether he is there: all of them, or one whole. */
export const agents: View = {
  path: 'agents',
  menu: { name: 'Agents', group: 'People', press: 'a' },
  Show: ({ path: [name] }) => (name === undefined ? <Agents /> : <Agent name={name} />),
};

/** As many as the server gives at once, and as the page has. */
const [most, shown] = [1000, 200];

function Agents() {
  // Who is late is so by time alone.
  const seen = useLook('agents', (signal) => look('agent.list', { limit: most }, signal), { everyMs: 10_000 });
  const find = place.value.query.get('name') ?? '';
  return (
    <>
      <Heading title="Agents">
        <Finder label="Agent" hint="by name, group or what it can" value={find} onChange={(name) => change({ name })} />
      </Heading>
      <Shown look={seen}>
        {({ items }) => {
          const fit = items.filter((one) => fits(one, find));
          const here = fit.filter((one) => !one.retiredAt);
          const retired = fit.filter((one) => one.retiredAt);
          if (items.length === 0) return <Empty type="dreamos init planner reviewer">There are no agents yet.</Empty>;
          if (fit.length === 0) return <Empty>No agent fits “{find}”.</Empty>;
          return (
            <>
              <Sum all={here} />
              <Rows of="Agents" columns={columns} rows={here.slice(0, shown)} keyOf={({ name }) => name} />
              {here.length > shown && <p class="quiet foot">And {count(here.length - shown)} more: find them.</p>}
              <Retired all={retired} />
            </>
          );
        }}
      </Shown>
    </>
  );
}

function fits({ name, title = '', groups = [], capabilities = [] }: AgentListed, find: string): boolean {
  return [name, title, ...groups, ...capabilities].some((text) => text.toLowerCase().includes(find.toLowerCase()));
}

/** `3 agents · 2 there · 1 gone` */
function Sum({ all }: { all: readonly AgentListed[] }) {
  const of = (...states: string[]): number => all.filter(({ presence }) => states.includes(presence.state)).length;
  const [late, gone] = [of('late'), of('gone')];
  return (
    <p class="sum">
      {many(all.length, 'agent')} · {of('ready', 'busy', 'paused')} there
      {late > 0 && ` · ${late} late`}
      {gone > 0 && ` · ${gone} gone`}
    </p>
  );
}

const columns: readonly Column<AgentListed>[] = [
  {
    name: 'Agent',
    cell: ({ name, title }) => (
      <>
        <a data-row href={toAgent(name)}>
          {name}
        </a>
        {title !== undefined && <span class="quiet"> {title}</span>}
      </>
    ),
  },
  { name: 'Is', cell: (agent) => <Presence agent={agent} /> },
  { name: 'At', from: 'medium', cell: ({ presence: { note } }) => note ?? <None /> },
  {
    name: 'Holds',
    number: true,
    from: 'medium',
    cell: ({ name, holds = [] }) =>
      holds.length === 0 ? <Zero /> : <a href={to(['mail', name], { state: 'inflight' })}>{count(holds.length)}</a>,
  },
  {
    name: 'Unread',
    number: true,
    cell: ({ name, unread = 0 }) => (unread === 0 ? <Zero /> : <a href={to(['mail', name])}>{count(unread)}</a>),
  },
  { name: 'Oldest', number: true, from: 'medium', cell: ({ oldestUnreadAgeMs }) => <Span ms={oldestUnreadAgeMs} /> },
  {
    name: 'Failed',
    number: true,
    from: 'wide',
    cell: ({ errorRate }) =>
      errorRate === undefined ? <None /> : <span title="Of what ended in the last hour">{percent(errorRate)}</span>,
  },
  {
    name: 'Tools',
    from: 'wide',
    cell: ({ sessions = [] }) =>
      sessions.length === 0 ? <None /> : sessions.map(({ host, state }) => `${host} ${state}`).join(', '),
  },
  {
    name: 'Seen',
    number: true,
    from: 'wide',
    cell: ({ presence: { seenAt } }) => (seenAt === undefined ? <None /> : <When at={seenAt} />),
  },
];

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function Retired({ all }: { all: readonly AgentListed[] }) {
  if (all.length === 0) return null;
  return (
    <>
      <h2>Retired</h2>
      <ul class="names">
        {all.slice(0, shown).map(({ name }) => (
          <li key={name}>
            <a data-row href={toAgent(name)}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
