import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../../data/problem.ts';
import { Button } from './button.tsx';
import { attempt, Trouble } from '../trouble.tsx';

interface QuestionProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What the button says that does it: a verb and how many. */
  readonly yes: string;
  readonly kind?: 'main' | 'danger';
  readonly run: () => Promise<unknown>;
  readonly close: () => void;
}

/** Asks before something is done that many feel. Esc and Cancel do nothing; the focus begins at Cancel. */
export function Question({ title, children, yes, kind = 'main', run, close }: QuestionProps) {
  const [problem, setProblem] = useState<Problem>();
  const done = async (): Promise<void> => {
    await run();
    close();
  };
  return (
    <Dialog title={title} close={close}>
      {children}
      <Trouble problem={problem} />
      <p class="buttons">
        <Button run={close}>Cancel</Button>
        <Button kind={kind} run={() => attempt(done, setProblem)}>
          {yes}
        </Button>
      </p>
    </Dialog>
  );
}

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly close: () => void;
}

export function Dialog({ title, children, close }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
