import type { ComponentChildren } from 'preact';

interface Tab {
  readonly href: string;
  readonly name: ComponentChildren;
  readonly count?: number | undefined;
  readonly here: boolean;
}

/** Links to sides of one thing. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ href, name, count, here }) => (
        <a key={href} href={href} aria-current={here ? 'page' : undefined}>
          {name}
          {count !== undefined && <span class="number"> {count.toLocaleString('en')}</span>}
        </a>
      ))}
    </nav>
  );
}
