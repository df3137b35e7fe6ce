import { useState } from 'preact/hooks';
import type { EntryJson, ShownJson } from '../../../contract/look.ts';
import { toMessage } from '../../base/links.ts';
import { act, isReadOnly, me } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { Action, pressMain } from '../../parts/ask/button.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';

interface SettleProps {
  readonly shown: ShownJson;
  /** Looks again. */
  readonly after: () => void;
}

const isMine = ({ mailbox }: EntryJson): boolean => mailbox.toLowerCase() === me.value?.toLowerCase();

/** The person's own copy: taking it claims it, on purpose; who has it finishes it, or gives it back. */
export function Settle({ shown, after }: SettleProps) {
  const [problem, setProblem] = useState<Problem>();
  const [reason, setReason] = useState('');
  const { id } = shown.message;
  const mine = shown.entries.find(isMine);
  if (!mine || isReadOnly.value || (mine.state !== 'ready' && mine.state !== 'inflight')) return null;
  const doing = (run: () => Promise<unknown>, what: string) => (): Promise<void> =>
    attempt(async () => {
      await run();
      say(what);
      after();
    }, setProblem);
  const message = mine.receipt ?? id;
  return (
    <div class="settle">
      {mine.state === 'ready' ? (
        <p class="buttons">
          <Action
            kind="main"
            press="t"
            run={doing(() => act('read', { mailbox: mine.mailbox, id }), 'You have it. Finish it, or give it back.')}
          >
            Take it
          </Action>
          <span class="quiet">Looking at it claims nothing. Who takes it has it until its lease ends.</span>
        </p>
      ) : (
        <p class="buttons">
          <Action kind="main" press="e" run={doing(() => act('ack', { message }), 'It is finished.')}>
            Done
          </Action>
          <Action run={doing(() => act('renew', { message }), 'Its lease begins anew.')}>Keep longer</Action>
          <Action run={doing(() => act('nack', { message, ...(reason && { reason }) }), 'It is given back.')}>
            Give back
          </Action>
          <label>
            <span class="said">Why it is given back</span>
            <input
              placeholder="Why it is given back"
              value={reason}
              onInput={(e) => setReason(e.currentTarget.value)}
            />
          </label>
        </p>
      )}
      <Trouble problem={problem} />
    </div>
  );
}

/** Answers it in its thread; of what the person holds, and finishes it with that. */
export function Answer({ shown, after }: SettleProps) {
  const [body, setBody] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const { id, from } = shown.message;
  const mine = shown.entries.find(isMine);
  if (!mine || isReadOnly.value) return null;
  const answer = (ack: boolean) => (): Promise<void> =>
    attempt(async () => {
      const { id: answerId } = await act('reply', { message: id, body, ...(ack && { ack }) });
      setBody('');
      say(
        <>
          <a href={toMessage(answerId)}>Your answer</a> is with {from}
          {ack && ', and the message is finished'}.
        </>,
      );
      after();
    }, setProblem);
  const isHeld = mine.state === 'inflight';
  return (
    <form class="answer" onSubmit={pressMain}>
      <label>
        Answer to {from}
        <textarea
          rows={4}
          value={body}
          data-answer
          onInput={(event) => setBody(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
      </label>
      <p class="buttons">
        {isHeld && (
          <Action kind="main" disabled={body === ''} run={answer(true)}>
            Answer and finish
          </Action>
        )}
        <Action {...(!isHeld && { kind: 'main' })} disabled={body === ''} run={answer(false)}>
          Answer
        </Action>
        <span class="quiet">Ctrl+Enter sends.</span>
      </p>
      <Trouble problem={problem} />
    </form>
  );
}
