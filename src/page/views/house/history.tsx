import { useState } from 'preact/hooks';
import type { ConfigDifference, ConfigVersion } from '../../../contract/system.ts';
import { change, place } from '../../base/place.ts';
import { many, moment } from '../../base/words.ts';
import { act, look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Choice } from '../../parts/ask/choice.tsx';
import { Field } from '../../parts/ask/field.tsx';
import { afterInAddress, Pages, pageSize } from '../../parts/ask/pages.tsx';
import { Question } from '../../parts/ask/question.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { Empty, Waiting } from '../../parts/empty.tsx';
import { Shown } from '../../parts/shown.tsx';
import { State } from '../../parts/state.tsx';
import { Trouble } from '../../parts/trouble.tsx';
import { valueText } from './value-text.ts';

/** Every change, the newest first, and the way back to each. */
export function History() {
  const after = afterInAddress();
  const seen = useLook(`history ${after}`, (signal) => look('config.history', { limit: pageSize, after }, signal), {
    when: false,
    everyMs: 10_000,
  });
  const [back, setBack] = useState<ConfigVersion>();
  return (
    <Shown look={seen}>
      {({ items, next }) =>
        items.length === 0 ? (
          <Empty type='dreamos config set lease 15m --note "builds take longer"'>
            Nothing was ever changed: the defaults hold.
          </Empty>
        ) : (
          <>
            <Compare versions={items.map(({ version }) => version)} />
            <ol class="versions">
              {items.map((one) => (
                <Version key={one.version} one={one} back={() => setBack(one)} />
              ))}
            </ol>
            <Pages next={next} shown={items.length} />
            {back && <Rollback to={back} close={() => setBack(undefined)} after={seen.again} />}
          </>
        )
      }
    </Shown>
  );
}

function Version({
  one: { version, at, by, note, byHand, state, changes },
  back,
}: {
  one: ConfigVersion;
  back: () => void;
}) {
  const isHere = place.value.query.get('version') === String(version);
  return (
    <li class={isHere ? 'here' : undefined}>
      <p class="from">
        <strong>Version {version}</strong>
        <State of={state === 'in force' ? 'ok' : state}>{state}</State>
        <span class="quiet">
          {byHand ? 'edited by hand' : (by ?? 'nobody in particular')}, {moment(at)}
        </span>
        <span class="gap" />
        {state !== 'in force' && (
          <Action run={back} label={`Roll back to version ${version}`}>
            Roll back
          </Action>
        )}
      </p>
      {note !== null && <p>{note}</p>}
      <Differences all={changes} />
    </li>
  );
}

/** What was, and what is instead: by words, signs and colours. */
function Differences({ all }: { all: readonly ConfigDifference[] }) {
  if (all.length === 0) return <p class="quiet">No difference.</p>;
  return (
    <dl class="differences">
      {all.map(({ key, from, to }) => (
        <div key={key}>
          <dt>
            <code>{key}</code>
          </dt>
          <dd>
            {from === null ? <span class="quiet">the default</span> : <del>{valueText(from)}</del>} →{' '}
            {to === null ? <span class="quiet">the default</span> : <ins>{valueText(to)}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Any two versions. */
function Compare({ versions }: { versions: readonly number[] }) {
  const { query } = place.value;
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? ''];
  const names = ['', ...versions.map(String)];
  return (
    <div class="compare">
      <Choice label="Compare version" value={from} options={names} onChange={(text) => change({ from: text })} />
      <Choice label="with" value={to} options={names} onChange={(text) => change({ to: text })} />
      {from !== '' && to !== '' && <Difference from={from} to={to} />}
    </div>
  );
}

function Difference({ from, to }: { from: string; to: string }) {
  const seen = useLook(`difference ${from} ${to}`, (signal) => look('config.diff', { from, to }, signal), {
    when: false,
  });
  return <Shown look={seen}>{({ items }) => <Differences all={items} />}</Shown>;
}

interface RollbackProps {
  readonly to: ConfigVersion;
  readonly close: () => void;
  readonly after: () => void;
}

/** Says what would change before it is asked. */
function Rollback({ to: { version }, close, after }: RollbackProps) {
  const [note, setNote] = useState('');
  const { value, problem } = useLook(`rollback ${version}`, (signal) => changesOf(version, signal), { when: false });
  const run = async (): Promise<void> => {
    const made = await act('config.rollback', { version, ...(note !== '' && { note }) });
    say(`What version ${version} said is in force again, as version ${made.version}.`);
    after();
  };
  return (
    <Question
      title={`Roll back to version ${version}?`}
      yes={`Roll back to version ${version}`}
      run={run}
      close={close}
    >
      <p>
        It comes as a new version: nothing of the history goes.{' '}
        {value && `${many(value.length, 'setting')} would change.`}
      </p>
      <Trouble problem={problem} />
      {value ? <Differences all={value} /> : !problem && <Waiting />}
      <Field label="Why" hint="for the history" value={note} onInput={setNote} />
    </Question>
  );
}

/** From what is in force to an earlier version: the difference as config.diff tells it, turned around. */
async function changesOf(version: number, signal: AbortSignal): Promise<ConfigDifference[]> {
  const { items } = await look('config.diff', { from: version }, signal);
  return items.map(({ key, from, to }) => ({ key, from: to, to: from }));
}
