import { useState } from 'preact/hooks';
import type { Finding } from '../../../contract/keep.ts';
import type { View } from '../../base/view.ts';
import { many } from '../../base/words.ts';
import { act, look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Action, Button } from '../../parts/ask/button.tsx';
import { Question } from '../../parts/ask/question.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Findings } from './findings.tsx';

/** What is not as it should be in the root, and what to type. Nothing is repaired but by who asks for it. */
export const doctor: View = { path: 'doctor', menu: { name: 'Doctor', group: 'House', press: 'x' }, Show: Doctor };

const levels = ['problem', 'warning', 'info'] as const;
const titles: Readonly<Record<Finding['level'], string>> = {
  problem: 'Problems',
  warning: 'Warnings',
  info: 'To be known',
};

const isRepairable = ({ level, hint = '' }: Finding): boolean => level === 'problem' || hint.includes('--fix');

function Doctor() {
  const [asking, setAsking] = useState(false);
  const [repaired, setRepaired] = useState<readonly Finding[]>();
  // It reads all that there is: when somebody asks for it.
  const seen = useLook('doctor', (ending) => look('doctor', {}, ending), { when: false });
  const repair = async (): Promise<void> => {
    const { items } = await act('doctor', { fix: true });
    setRepaired(items.filter(({ fixed }) => fixed));
    seen.again();
  };
  return (
    <>
      <Heading title="Doctor">
        <Button
          run={() => {
            setRepaired(undefined);
            seen.again();
          }}
        >
          Look again
        </Button>
        {seen.value?.items.some(isRepairable) && <Action run={() => setAsking(true)}>Repair what is safe…</Action>}
      </Heading>
      {repaired && (
        <section aria-label="What was repaired">
          <p class="sum">
            {repaired.length === 0
              ? 'There was nothing that it repairs by itself.'
              : `${many(repaired.length, 'thing')} repaired.`}
          </p>
          <Findings all={repaired} />
        </section>
      )}
      <Shown look={seen}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing is wrong.</Empty>
          ) : (
            <>
              {levels.map((level) => {
                const all = items.filter((one) => one.level === level);
                return (
                  all.length > 0 && (
                    <section key={level} aria-label={titles[level]}>
                      <h2>{titles[level]}</h2>
                      <Findings all={all} />
                    </section>
                  )
                );
              })}
            </>
          )
        }
      </Shown>
      {asking && (
        <Question title="Repair what is safe to repair?" yes="Repair" close={() => setAsking(false)} run={repair}>
          <p>
            It does what <code>dreamos doctor --fix</code> does: ends what was begun, writes anew what follows from the
            rest, and puts aside, byte for byte, what cannot be read.
          </p>
        </Question>
      )}
    </>
  );
}
