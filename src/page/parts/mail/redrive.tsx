import { act } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { Action } from '../ask/button.tsx';
import { attempt } from '../trouble.tsx';
import { say } from '../ask/toast.tsx';

interface RedriveProps {
  readonly mailbox: string;
  readonly id: string;
  readonly after: () => void;
  readonly tell: (problem: Problem | undefined) => void;
}

/** One dead letter is made ready again; its attempts start anew. */
export function Redrive({ mailbox, id, after, tell }: RedriveProps) {
  const run = async (): Promise<void> => {
    await act('dlq.retry', { mailbox, ids: [id] });
    say(`It is ready again in ${mailbox}.`);
    after();
  };
  return (
    <Action run={() => attempt(run, tell)} label={`Redrive ${id} in ${mailbox}`}>
      Redrive
    </Action>
  );
}
