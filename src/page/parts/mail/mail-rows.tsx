import type { ComponentChildren } from 'preact';
import type { Message } from '../../../model/message.ts';
import { toMessage } from '../../base/links.ts';
import { addresseesOf, subjectOf } from './letter.tsx';
import { State } from '../state.tsx';
import { When } from '../when.tsx';

export interface MailRow {
  readonly id: string;
  readonly mailbox: string;
  readonly state: string;
  /** `null`: it cannot be read. */
  readonly message: Message | null;
  /** What else is to be said of it, below it: why it is dead. */
  readonly remark?: ComponentChildren;
  /** Buttons. */
  readonly actions?: ComponentChildren;
  readonly at?: string | undefined;
}

interface MailRowsProps {
  readonly of: string;
  readonly rows: readonly MailRow[];
  /** Where a row leads; the message's own page by default. */
  readonly hrefOf?: (row: MailRow) => string;
  readonly here?: string | undefined;
  /** Who it went to is of interest, not who it is from. */
  readonly sent?: true;
  readonly hasState?: boolean;
}

/** Messages, a line or two each. */
export function MailRows({ of, rows, hrefOf, here, sent, hasState = true }: MailRowsProps) {
  return (
    <ul class="mail" aria-label={of}>
      {rows.map((row) => (
        <li key={`${row.mailbox} ${row.id}`} class={row.actions === undefined ? undefined : 'acted'}>
          <a
            data-row
            href={hrefOf?.(row) ?? toMessage(row.id)}
            aria-current={here === row.id ? 'true' : undefined}
            class={row.message?.priority}
          >
            <span class="who">{row.message ? (sent ? `to ${addresseesOf(row.message)}` : row.message.from) : '?'}</span>
            <span class="what">
              {row.message ? <Title message={row.message} /> : <em>It cannot be read.</em>}
              {row.remark !== undefined && <span class="remark">{row.remark}</span>}
            </span>
            <span class="aside">
              {hasState && <State of={row.state} />}
              {row.message && <When at={row.at ?? row.message.createdAt} />}
            </span>
          </a>
          {row.actions}
        </li>
      ))}
    </ul>
  );
}

function Title({ message }: { message: Message }) {
  const { subject, body, type, tags, priority } = message;
  return (
    <>
      {priority !== 'normal' && <span class={`mark ${priority}`}>{priority}</span>}
      <b>{subjectOf(message)}</b>
      {subject !== '' && <span class="snippet"> {body.slice(0, 160)}</span>}
      {type !== 'message' && <span class="tag">{type}</span>}
      {tags.map((tag) => (
        <span key={tag} class="tag">
          {tag}
        </span>
      ))}
    </>
  );
}
