import type { Finding } from '../../../contract/keep.ts';
import { toMailbox } from '../../base/links.ts';
import { State } from '../../parts/state.tsx';

/** Each with the command to type. */
export function Findings({
  all,
}: {
  all: readonly Pick<Finding, 'rule' | 'level' | 'message' | 'hint' | 'mailbox' | 'fixed'>[];
}) {
  return (
    <ul class="findings">
      {all.map(({ rule, level, message, hint, mailbox, fixed }) => (
        <li key={`${rule} ${mailbox} ${message}`}>
          <p>
            <State of={level}>{fixed ? 'repaired' : level}</State>{' '}
            {mailbox !== undefined && (
              <>
                <a data-row href={toMailbox(mailbox)}>
                  {mailbox}
                </a>{' '}
              </>
            )}
            {message} <span class="quiet">{rule}</span>
          </p>
          {hint !== undefined && <pre>{hint.startsWith('dreamos ') ? `$ ${hint}` : hint}</pre>}
        </li>
      ))}
    </ul>
  );
}
