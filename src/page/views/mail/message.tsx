import { useState } from 'preact/hooks';
import type { ShownJson } from '../../../contract/look.ts';
import { toThread, toTrace } from '../../base/links.ts';
import type { View } from '../../base/view.ts';
import { endOf, many } from '../../base/words.ts';
import { act, look } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Heading } from '../../parts/heading.tsx';
import { Letter, subjectOf } from '../../parts/mail/letter.tsx';
import { Question } from '../../parts/ask/question.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Redrive } from '../../parts/mail/redrive.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { Answer, Settle } from './settle.tsx';

export const message: View = { path: 'message', Show: MessageView };

function MessageView({ path: [id = ''] }: { path: readonly string[] }) {
  const seen = useLook(`message ${id}`, (signal) => look('show', { id }, signal), {
    when: (event) => event.id === id || event.replyTo === id,
  });
  return (
    <>
      <Heading title={seen.value ? subjectOf(seen.value.message) : `Message ${endOf(id)}`}>
        <a class="button" href={toThread(id)}>
          Thread
        </a>
        <a class="button" href={toTrace(id)}>
          Trace
        </a>
      </Heading>
      <Shown look={seen}>
        {(shown) => (
          <Letter shown={shown}>
            <Settle shown={shown} after={seen.again} />
            <Others shown={shown} after={seen.again} />
            <Answer shown={shown} after={seen.again} />
            <details class="data">
              <summary>As JSON</summary>
              <pre>{JSON.stringify(shown.message, undefined, 2)}</pre>
            </details>
          </Letter>
        )}
      </Shown>
    </>
  );
}

/** Why it is dead. */
function Death({ mailbox, id }: { mailbox: string; id: string }) {
  const { value } = useLook(`death ${mailbox} ${id}`, (signal) => look('dlq.show', { mailbox, id }, signal), {
    when: (event) => event.id === id,
  });
  if (!value) return null;
  return (
    <span>
      {value.reason} <span class="quiet">after {many(value.attempts, 'attempt')}</span>
    </span>
  );
}

/** What anybody may do with it: call it back, and of the dead, send it on its way once more. */
function Others({ shown, after }: { shown: ShownJson; after: () => void }) {
  const [problem, setProblem] = useState<Problem>();
  const [asking, setAsking] = useState(false);
  const { id } = shown.message;
  const waits = shown.entries.filter(({ state }) => state === 'ready' || state === 'delayed');
  const dead = shown.entries.filter(({ state }) => state === 'dead');
  if (waits.length === 0 && dead.length === 0) return null;
  return (
    <div class="buttons">
      {dead.map(({ mailbox }) => (
        <Redrive key={mailbox} mailbox={mailbox} id={id} after={after} tell={setProblem} />
      ))}
      {waits.length > 0 && <Action run={() => setAsking(true)}>Take it back</Action>}
      {dead.map(({ mailbox }) => (
        <Death key={mailbox} mailbox={mailbox} id={id} />
      ))}
      <Trouble problem={problem} />
      {asking && (
        <Question
          title="Take this message back?"
          yes="Take it back"
          close={() => setAsking(false)}
          run={() =>
            attempt(async () => {
              await act('cancel', { id });
              say('It lies in the archive, as cancelled.');
              after();
            }, setProblem)
          }
        >
          <p>
            Nobody in {waits.map(({ mailbox }) => mailbox).join(', ')} gets it any more. Who has claimed it already
            keeps it.
          </p>
        </Question>
      )}
    </div>
  );
}
