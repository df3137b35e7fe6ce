import { useState } from 'preact/hooks';
import { isEmpty, type Typed } from '../../base/filter-text.ts';
import { count, many } from '../../base/words.ts';
import { act } from '../../data/api.ts';
import { fieldsFor } from '../../data/filtered.ts';
import type { Problem } from '../../data/problem.ts';
import { Action } from '../../parts/ask/button.tsx';
import { Question } from '../../parts/ask/question.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { attempt, Trouble } from '../../parts/trouble.tsx';

interface ManyProps {
  /** `undefined`: of all mailboxes. */
  readonly mailbox: string | undefined;
  readonly typed: Typed;
  /** The filter, in words. */
  readonly said: string;
  readonly after: () => void;
}

type Deed = 'dlq.retry' | 'dlq.purge';

/**
 * Something for all that match, and not only for those on the page: counted first, then asked. Never without a filter or the
 * name of one mailbox: what nobody has narrowed down is nobody's intention.
 */
export function Many({ mailbox, typed, said, after }: ManyProps) {
  const [problem, setProblem] = useState<Problem>();
  const [asking, setAsking] = useState<{ deed: Deed; count: number }>();
  if (mailbox === undefined && isEmpty(typed))
    return <p class="quiet">Find some, or choose a mailbox, to redrive all of them at once.</p>;
  const chosen = { ...(mailbox !== undefined && { mailbox }), all: true, ...fieldsFor(typed) };
  const what = isEmpty(typed) ? `all of ${mailbox}` : 'all that match';
  const ask = (deed: Deed) => (): Promise<void> =>
    attempt(async () => {
      const { items } = await act(deed, { ...chosen, dryRun: true });
      setAsking({ deed, count: items.length });
    }, setProblem);
  const run = async ({ deed }: { deed: Deed }): Promise<void> => {
    // All of a mailbox is more than a server deletes by mistake.
    const forced = deed === 'dlq.purge' && isEmpty(typed) ? { force: true } : {};
    const { items } = await act(deed, { ...chosen, ...forced });
    const failed = items.filter((item) => Object.hasOwn(item as object, 'error')).length;
    const done = items.length - failed;
    const end = failed > 0 ? `, and ${count(failed)} could not be` : '';
    say(
      deed === 'dlq.retry' ? `${many(done, 'is', 'are')} ready again${end}.` : `${many(done, 'is', 'are')} gone${end}.`,
    );
    after();
  };
  return (
    <div class="buttons">
      <Action run={ask('dlq.retry')}>Redrive {what}…</Action>
      <Action run={ask('dlq.purge')}>Delete {what}…</Action>
      <Trouble problem={problem} />
      {asking && (
        <Question
          title={asking.deed === 'dlq.retry' ? 'Redrive dead letters?' : 'Delete dead letters for good?'}
          yes={`${asking.deed === 'dlq.retry' ? 'Redrive' : 'Delete'} ${many(asking.count, 'message')}`}
          kind={asking.deed === 'dlq.retry' ? 'main' : 'danger'}
          close={() => setAsking(undefined)}
          run={() => run(asking)}
        >
          <p>
            {many(asking.count, 'dead letter')} {mailbox === undefined ? 'of all mailboxes' : `of ${mailbox}`}
            {said !== '' && `, ${said}`}.{' '}
            {asking.deed === 'dlq.retry'
              ? 'They become ready, and their attempts start anew.'
              : 'Nothing brings them back but a backup.'}
          </p>
        </Question>
      )}
    </div>
  );
}
