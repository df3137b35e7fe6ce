import type { ComponentChildren } from 'preact';

/** Nothing is there: why, and what to type. */
export function Empty({ children, type }: { children: ComponentChildren; type?: string | readonly string[] }) {
  const lines = typeof type === 'string' ? [type] : (type ?? []);
  return (
    <div class="empty">
      <p>{children}</p>
      {lines.length > 0 && <pre>{lines.map((line) => `$ ${line}\n`).join('')}</pre>}
    </div>
  );
}

/** Until the first answer. What takes less than a moment shows nothing. */
export function Waiting() {
  return (
    <p class="waiting" role="status">
      Looking…
    </p>
  );
}
