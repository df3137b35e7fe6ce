import { useState } from 'preact/hooks';
import type { ConfigValue } from '../../../contract/system.ts';
import { to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { act, isReadOnly, look } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Field } from '../../parts/ask/field.tsx';
import { Question } from '../../parts/ask/question.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Trouble } from '../../parts/trouble.tsx';
import { When } from '../../parts/when.tsx';
import { History } from './history.tsx';
import { valueText } from './value-text.ts';

/** What holds in this root and who has said so; every change is a version, and every version may come back. */
export const settings: View = {
  path: 'settings',
  menu: { name: 'Settings', group: 'House', press: 's' },
  Show: Settings,
};

function Settings({ path: [side = 'now'] }: { path: readonly string[] }) {
  return (
    <>
      <Heading title="Settings" />
      <Tabs
        label="Sides of the settings"
        tabs={[
          { href: to(['settings']), name: 'What holds', here: side === 'now' },
          { href: to(['settings', 'history']), name: 'History', here: side === 'history' },
        ]}
      />
      {side === 'history' ? <History /> : <Now />}
    </>
  );
}

function Now() {
  const seen = useLook('settings', (signal) => look('config.show', { origin: true }, signal), {
    when: false,
    everyMs: 10_000,
  });
  const [changing, setChanging] = useState<ConfigValue>();
  return (
    <Shown look={seen}>
      {({ items }) => (
        <>
          <Rows
            of="Settings"
            columns={columnsOf(setChanging)}
            rows={items}
            keyOf={({ key }) => key}
            kindOf={({ source }) => (source === 'default' ? undefined : 'set')}
          />
          <p class="quiet foot">
            What each of them does: <code>dreamos help settings</code>
          </p>
          {changing && <Change value={changing} close={() => setChanging(undefined)} after={seen.again} />}
        </>
      )}
    </Shown>
  );
}

const columnsOf = (change: (value: ConfigValue) => void): readonly Column<ConfigValue>[] => [
  { name: 'Setting', cell: ({ key }) => <code>{key}</code> },
  { name: 'Value', cell: ({ value }) => <span class="value">{valueText(value)}</span> },
  { name: 'From', from: 'medium', cell: ({ source }) => <span class="quiet">{source}</span> },
  {
    name: 'By',
    from: 'wide',
    cell: ({ by, at, version }) =>
      at !== undefined && (
        <span class="quiet">
          {by ?? 'by hand'} <When at={at} />
          {version !== undefined && (
            <>
              {', '}
              <a href={to(['settings', 'history'], { version: String(version) })}>version {version}</a>
            </>
          )}
        </span>
      ),
  },
  ...(isReadOnly.value
    ? []
    : [
        {
          name: 'Change',
          number: true as const,
          cell: (value: ConfigValue) =>
            value.source === 'environment' ? null : (
              <Action run={() => change(value)} label={`Change ${value.key}`}>
                Change
              </Action>
            ),
        },
      ]),
];

interface ChangeProps {
  readonly value: ConfigValue;
  readonly close: () => void;
  readonly after: () => void;
}

function Change({ value: { key, value, source }, close, after }: ChangeProps) {
  const [text, setText] = useState(valueText(value));
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const said = { key, ...(note !== '' && { note }) };
  const done = async (run: Promise<unknown>, what: string): Promise<void> => {
    await run;
    setProblem(undefined);
    say(what);
    after();
  };
  return (
    <Question
      title={`Change ${key}`}
      yes="Put it in force"
      close={close}
      run={() => done(act('config.set', { ...said, value: text }), `${key} is ${text} now.`)}
    >
      <Field label="Value" hint="as config set takes it" value={text} onInput={setText} />
      <Field label="Why" hint="for the history" value={note} onInput={setNote} />
      <Trouble problem={problem} />
      {source === 'config' && (
        <p class="buttons">
          <Action
            run={async () => {
              await done(act('config.set', { ...said, value: null }), `The default of ${key} holds again.`);
              close();
            }}
          >
            Have the default hold again
          </Action>
        </p>
      )}
    </Question>
  );
}
