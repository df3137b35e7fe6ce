import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

const said = signal<ComponentChildren>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;
const staysMs = 8000;

/** What was done, at the foot of the page, for a while. */
export function say(what: ComponentChildren): void {
  said.value = what;
  clearTimeout(timer);
  timer = setTimeout(() => (said.value = undefined), staysMs);
}

export function Toast() {
  return (
    <div class="toast" role="status" aria-live="polite">
      {said.value !== undefined && <p>{said.value}</p>}
    </div>
  );
}
