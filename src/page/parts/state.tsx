import type { ComponentChildren } from 'preact';

/** A word for what state something is in: by its colour, and always by itself. */
export function State({ of, children }: { of: string; children?: ComponentChildren }) {
  return (
    <span class="state" data-state={of}>
      {children ?? wordOf(of)}
    </span>
  );
}

/** `inflight` is the storage's word; people say that somebody has it. */
export function wordOf(state: string): string {
  return state === 'inflight' ? 'held' : state.replace('_', ' ');
}
