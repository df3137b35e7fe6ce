import type { ListedSchedule } from '../../../contract/system.ts';
import { toMessage } from '../../base/links.ts';
import { act } from '../../data/api.ts';
import { Question } from '../../parts/ask/question.tsx';
import { say } from '../../parts/ask/toast.tsx';
import { State } from '../../parts/state.tsx';
import { When } from '../../parts/when.tsx';

/** What became of its last time: sent, or passed over and why. */
export function Last({ schedule: { lastAt, lastId, skipped } }: { schedule: ListedSchedule }) {
  if (lastAt === null) return <span class="quiet whole">never yet</span>;
  return (
    <>
      {skipped ? (
        <State of="failed">not sent</State>
      ) : lastId === undefined ? (
        <State of="passed">passed over</State>
      ) : (
        <a href={toMessage(lastId)}>sent</a>
      )}{' '}
      <When at={lastAt} />
      {skipped && <span class="quiet"> {skipped.reason}</span>}
    </>
  );
}

interface RemoveProps {
  readonly schedule: ListedSchedule;
  readonly close: () => void;
  readonly after: () => void;
}

export function Remove({ schedule: { name, message }, close, after }: RemoveProps) {
  return (
    <Question
      title={`Remove ${name}?`}
      yes={`Remove ${name}`}
      kind="danger"
      close={close}
      run={async () => {
        await act('schedule.remove', { name });
        say(`${name} sends nothing any more.`);
        after();
      }}
    >
      <p>Nothing of it is sent to {message.to.join(', ')} any more. What was sent stays.</p>
    </Question>
  );
}
