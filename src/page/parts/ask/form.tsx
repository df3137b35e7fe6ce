import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { isReadOnly, look, me } from '../../data/api.ts';
import type { Problem } from '../../data/problem.ts';
import { useLook } from '../../data/use-look.ts';
import { Empty } from '../empty.tsx';
import { Heading } from '../heading.tsx';
import { Trouble } from '../trouble.tsx';
import { Action, pressMain } from './button.tsx';
import { Field } from './field.tsx';

interface FormProps {
  readonly title: string;
  /** The word of its button. */
  readonly does: string;
  /** There is nothing missing. */
  readonly isWhole: boolean;
  readonly run: () => Promise<void>;
  readonly problem: Problem | undefined;
  /** Beside the button. */
  readonly remark?: string;
  readonly children: ComponentChildren;
}

/** What is filled in, a text by each name; and what a `Field` of one needs. */
export function useDraft<Name extends string>(begin: () => Record<Name, string>) {
  const [draft, setDraft] = useState(begin);
  const field = (name: Name) => ({
    value: draft[name],
    onInput: (value: string) => setDraft({ ...draft, [name]: value }),
  });
  return { draft, setDraft, field };
}

/** A view in which something new is written, in the name of who is here. */
export function Form({ title, does, isWhole, run, problem, remark, children }: FormProps) {
  return (
    <>
      <Heading title={title}>{me.value !== undefined && <span class="quiet">as {me.value}</span>}</Heading>
      {isReadOnly.value ? (
        <Empty>This server lets nobody change anything.</Empty>
      ) : (
        <form class="compose" onSubmit={pressMain}>
          {children}
          <Trouble problem={problem} />
          <p class="buttons">
            <Action kind="main" disabled={!isWhole} run={run}>
              {does}
            </Action>
            {remark !== undefined && <span class="quiet">{remark}</span>}
          </p>
        </form>
      )}
    </>
  );
}

/** Whom it is for. */
export function Recipients(field: { readonly value: string; readonly onInput: (value: string) => void }) {
  const agents = useLook('names', (signal) => look('status', { limit: 1000 }, signal), { when: false });
  return (
    <>
      <Field label="To" hint="agents, @groups, or @all" list="agents" required {...field} />
      <datalist id="agents">
        {agents.value?.items.map(({ mailbox }) => (
          <option key={mailbox} value={mailbox} />
        ))}
      </datalist>
    </>
  );
}
