import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { isReadOnly } from '../../data/api.ts';
import { hasKeys } from '../../base/settings.ts';

interface ActionProps {
  /** What it does; it cannot be pressed again until that is done. */
  readonly run: () => unknown;
  readonly children: ComponentChildren;
  /** A single key that presses it. */
  readonly press?: string;
  readonly kind?: 'main' | 'danger';
  readonly label?: string;
  readonly disabled?: boolean;
}

/** Changes something. A server that lets nobody change anything shows none. */
export function Action(props: ActionProps) {
  return isReadOnly.value ? null : <Button {...props} />;
}

/** A form that is sent by a key: as if its main button were pressed, which is not while that is being done. */
export function pressMain(event: SubmitEvent & { readonly currentTarget: HTMLFormElement }): void {
  event.preventDefault();
  event.currentTarget.querySelector<HTMLElement>('.main')?.click();
}

/** Changes nothing on the server. */
export function Button({ run, children, press, kind, label, disabled }: ActionProps) {
  const [busy, setBusy] = useState(false);
  const pressed = async (): Promise<void> => {
    setBusy(true);
    try {
      await run();
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={kind}
      disabled={busy || disabled}
      aria-label={label}
      data-press={press}
      onClick={() => void pressed()}
    >
      {children}
      {press !== undefined && hasKeys.value && <kbd aria-hidden="true">{press}</kbd>}
    </button>
  );
}
