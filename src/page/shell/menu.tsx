import { useEffect, useState } from 'preact/hooks';
import { place, to } from '../base/place.ts';
import { theme, type Theme } from '../base/settings.ts';
import { forgetToken } from '../base/token.ts';
import { isReadOnly, me, where } from '../data/api.ts';
import { link, type LinkState } from '../data/live.ts';
import { Button } from '../parts/ask/button.tsx';
import { viewAt, views } from './views.ts';

const groups = ['Mail', 'People', 'House'] as const;

/** Where one can go. On a narrow page it opens from a button. */
export function Menu({ help }: { help: () => void }) {
  const [open, setOpen] = useState(false);
  const { path } = place.value;
  useEffect(() => setOpen(false), [path.join('/')]);
  const here = viewAt(path);
  return (
    <header class={open ? 'menu open' : 'menu'}>
      <p class="brand">
        <a href={to([])}>dreamos</a>
        <Link />
        <button type="button" class="opener" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
          Menu
        </button>
      </p>
      <nav id="menu" aria-label="Views">
        {me.value !== undefined && (
          <p class="me" title={where.value}>
            {me.value}
            {isReadOnly.value && <span class="tag">read only</span>}
          </p>
        )}
        {groups.map((group) => (
          <ul key={group} aria-label={group}>
            {views.map((view) =>
              view.menu?.group === group ? (
                <li key={view.path}>
                  <a href={to(view.path === '' ? [] : [view.path])} aria-current={here === view ? 'page' : undefined}>
                    {view.menu.name}
                  </a>
                </li>
              ) : null,
            )}
          </ul>
        ))}
        <div class="foot">
          <label>
            <span class="said">Colours</span>
            <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
              <option value="system">As the system</option>
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </select>
          </label>
          <Button press="?" run={help}>
            Keys
          </Button>
          <Button run={forgetToken}>Leave</Button>
        </div>
      </nav>
    </header>
  );
}

const words: Readonly<Record<LinkState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused',
  lost: 'Not connected: trying again',
  refused: 'Not live: you may not watch',
};

function Link() {
  return (
    <span class="link" data-link={link.value} role="status">
      {words[link.value]}
    </span>
  );
}
