import { useState } from 'preact/hooks';
import type { AlertNow } from '../../../contract/numbers/alerts.ts';
import { toMailbox, toMessage } from '../../base/links.ts';
import type { View } from '../../base/view.ts';
import { count, span } from '../../base/words.ts';
import { act, isReadOnly, look } from '../../data/api.ts';
import { now } from '../../data/now.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';
import { None, When } from '../../parts/when.tsx';

/** Which numbers are not as they should be, since when, and who was told. */
export const alerts: View = { path: 'alerts', menu: { name: 'Alerts', group: 'House', press: 'w' }, Show: Alerts };

/** What is to be seen first. */
const order: readonly AlertNow['state'][] = ['firing', 'silenced', 'pending', 'resolved', 'ok', 'off'];

function Alerts() {
  const seen = useLook('alerts', (signal) => look('alerts.list', { limit: 1000 }, signal), {
    when: false,
    everyMs: 10_000,
  });
  const [problem, setProblem] = useState<Problem>();
  const silence = ({ alert, mailbox }: AlertNow, isOn: boolean): Promise<void> =>
    attempt(async () => {
      await act('alerts.silence', { name: alert, ...(mailbox !== undefined && { mailbox }), for: isOn ? '2h' : '0s' });
      say(isOn ? `Nothing is told of ${alert} for two hours.` : `${alert} is told again.`);
      seen.again();
    }, setProblem);
  return (
    <>
      <Heading title="Alerts" />
      <Trouble problem={problem} />
      <Shown look={seen}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty type="dreamos help alerting">There are no alerts.</Empty>
          ) : (
            <>
              <Rows
                of="Alerts"
                columns={columnsOf(silence)}
                rows={items.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))}
                keyOf={({ alert, mailbox }) => `${alert} ${mailbox}`}
              />
              <p class="quiet foot">
                Looking tells nobody. Who looks and tells, and rules of your own: <code>dreamos help alerting</code>
              </p>
            </>
          )
        }
      </Shown>
    </>
  );
}

type Silencing = (alert: AlertNow, isOn: boolean) => Promise<void>;

const columnsOf = (silence: Silencing): readonly Column<AlertNow>[] => [
  { name: 'Alert', cell: ({ alert }) => alert },
  { name: 'Is', cell: ({ state }) => <State of={state} /> },
  {
    name: 'Mailbox',
    from: 'medium',
    cell: ({ mailbox }) => (mailbox === undefined ? <None /> : <a href={toMailbox(mailbox)}>{mailbox}</a>),
  },
  { name: 'Is at', number: true, cell: (alert) => (alert.value === null ? <None /> : inUnit(alert, alert.value)) },
  {
    name: 'Fires',
    number: true,
    from: 'medium',
    cell: (alert) => {
      const { over, under } = alert;
      return over === undefined
        ? under !== undefined && `under ${inUnit(alert, under)}`
        : `over ${inUnit(alert, over)}`;
    },
  },
  {
    name: 'Since',
    number: true,
    from: 'wide',
    cell: ({ since }) => (since === undefined ? <None /> : <Since at={since} />),
  },
  { name: 'Told', from: 'wide', cell: (alert) => <Told alert={alert} /> },
  ...(isReadOnly.value
    ? []
    : [
        {
          name: 'For 2h',
          number: true as const,
          cell: (alert: AlertNow) =>
            alert.state === 'silenced' ? (
              <Action run={() => silence(alert, false)} label={`Tell again of ${alert.alert}`}>
                Tell again
              </Action>
            ) : (
              ['firing', 'pending'].includes(alert.state) && (
                <Action run={() => silence(alert, true)} label={`Silence ${alert.alert} for two hours`}>
                  Silence
                </Action>
              )
            ),
        },
      ]),
];

/** What nobody has noted yet holds since this look. */
function Since({ at }: { at: string }) {
  return now.value - Date.parse(at) < 10_000 ? <>just now</> : <When at={at} />;
}

/** The metric's name says what it counts. @param n in its unit */
function inUnit({ metric }: AlertNow, n: number): string {
  if (metric.endsWith('Ms')) return span(n);
  return metric.endsWith('Share') ? `${Math.round(n * 100)} %` : count(Math.round(n * 100) / 100);
}

function Told({ alert: { told, trouble, silencedUntil } }: { alert: AlertNow }) {
  return (
    <>
      {silencedUntil !== undefined && (
        <span class="quiet">
          silent until <When at={silencedUntil} />{' '}
        </span>
      )}
      {told && (
        <>
          {told.id === undefined ? told.what : <a href={toMessage(told.id)}>{told.what}</a>} <When at={told.at} />
        </>
      )}
      {trouble !== undefined && <span class="late"> {trouble}</span>}
    </>
  );
}
