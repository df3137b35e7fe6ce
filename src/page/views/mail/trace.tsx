import type { TraceStep } from '../../../contract/look.ts';
import { toMailbox, toMessage } from '../../base/links.ts';
import type { View } from '../../base/view.ts';
import { endOf, moment, span } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State, wordOf } from '../../parts/state.tsx';
import { type Mark, type Sequence, sequenceOf } from './sequence.ts';

export const trace: View = { path: 'trace', Show: TraceView };

function TraceView({ path: [id = ''] }: { path: readonly string[] }) {
  const seen = useLook(`trace ${id}`, (signal) => look('trace', { id }, signal), {
    when: (event) => event.id === id || event.replyTo === id,
  });
  return (
    <>
      <Heading title={`Trace of ${endOf(id)}`}>
        <a class="button" href={toMessage(id)}>
          Message
        </a>
      </Heading>
      <Shown look={seen}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>The event logs know nothing of it any more.</Empty>
          ) : (
            <>
              <Diagram id={id} sequence={sequenceOf(items)} />
              <h2>Step by step</h2>
              <Rows of="Steps" columns={columns} rows={items} keyOf={keyOf} />
            </>
          )
        }
      </Shown>
    </>
  );
}

const keyOf = ({ at, mailbox, event, id, attempt }: TraceStep): string => [at, mailbox, event, id, attempt].join(' ');

const columns: readonly Column<TraceStep>[] = [
  { name: 'At', cell: ({ at }) => <time dateTime={at}>{moment(at, { millis: true })}</time> },
  { name: 'After', number: true, cell: ({ sinceStartMs }) => `+${span(sinceStartMs)}` },
  { name: 'What', cell: ({ event }) => <State of={event}>{wordOf(event)}</State> },
  { name: 'Mailbox', cell: ({ mailbox }) => <a href={toMailbox(mailbox)}>{mailbox}</a> },
  { name: 'More', from: 'medium', cell: (step) => more(step) },
];

/** `by reviewer, attempt 2, after 3s: no answer` */
function more({ by, mailbox, attempt, waitedMs, heldMs, reason, note, from }: TraceStep): string {
  const said = [
    from !== undefined && `from ${from}`,
    by !== undefined && by !== mailbox && `by ${by}`,
    attempt !== undefined && attempt > 1 && `attempt ${attempt}`,
    waitedMs !== undefined && `waited ${span(waitedMs)}`,
    heldMs !== undefined && `held ${span(heldMs)}`,
    reason ?? note,
  ];
  return said.filter(Boolean).join(', ');
}

/** Who hears the page has the table below it. */
function Diagram({ id, sequence }: { id: string; sequence: Sequence }) {
  const { lanes, marks, holds, idles, width, height } = sequence;
  return (
    <div class="scroll diagram" role="region" aria-label="Sequence diagram" tabIndex={0}>
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="Its way, as a diagram"
      >
        {lanes.map(({ name, x }) => (
          <g key={name}>
            <text class="lane" x={x} y={24} text-anchor="middle">
              {name.length > 22 ? `${name.slice(0, 21)}…` : name}
            </text>
            <line class="life" x1={x} x2={x} y1={36} y2={height} />
          </g>
        ))}
        {idles.map(({ y, ms }) => (
          <g key={y}>
            <rect class="gap" x={0} width={width} y={y - 11} height={22} />
            <text class="idle" x={width / 2} y={y + 4} text-anchor="middle">
              {span(ms)} later
            </text>
          </g>
        ))}
        {holds.map(({ x, y, endY }) => (
          <rect key={`${x} ${y}`} class="hold" x={x - 4} width={8} y={y} height={Math.max(4, endY - y)} rx={2} />
        ))}
        {marks.map((mark) => (
          <Step key={keyOf(mark.step)} mark={mark} id={id} last={lanes.at(-1)?.x === mark.x} />
        ))}
      </svg>
    </div>
  );
}

function Step({ mark: { step, x, y, fromX }, id, last }: { mark: Mark; id: string; last: boolean }) {
  const attempts = step.attempt !== undefined && step.attempt > 1 ? ` ${step.attempt}` : '';
  const isAnswer = step.id !== id;
  const label = isAnswer && fromX !== undefined ? 'answer' : `${wordOf(step.event)}${attempts}`;
  const side = last && fromX === undefined ? -1 : 1;
  return (
    <g class="step" data-event={step.event}>
      <title>{`${moment(step.at, { millis: true })}  ${wordOf(step.event)} in ${step.mailbox}  ${more(step)}`}</title>
      {fromX === undefined ? (
        <>
          <circle cx={x} cy={y} r={4.5} />
          <text x={x + 12 * side} y={y + 4} text-anchor={side < 0 ? 'end' : 'start'}>
            {label}
          </text>
        </>
      ) : (
        <>
          <line x1={fromX} x2={x} y1={y} y2={y} />
          <path d={arrow(x, y, x > fromX ? -1 : 1)} />
          <text x={(x + fromX) / 2} y={y - 6} text-anchor="middle">
            {label}
          </text>
        </>
      )}
    </g>
  );
}

const arrow = (x: number, y: number, side: number): string =>
  `M${x} ${y} L${x + 8 * side} ${y - 4.5} L${x + 8 * side} ${y + 4.5} Z`;
