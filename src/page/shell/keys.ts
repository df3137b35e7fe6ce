/**
 * The whole page by keys. What has `data-press` is pressed by that key, what has `data-row` is gone through by j and k, and `g`
 * goes to a view by its letter. In fields only Esc does something.
 */
import { hasKeys } from '../base/settings.ts';
import { go, to } from '../base/place.ts';
import { views } from './views.ts';

const goesMs = 1500;

/** @param help shows the keys @returns what ends it */
export function followKeys(help: () => void): () => void {
  let goes = false;
  const pressed = (event: KeyboardEvent): void => {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !hasKeys.value) return;
    if (document.querySelector('dialog[open]')) return;
    if (isField(target)) {
      if (key === 'Escape') target.blur();
      return;
    }
    const done = goes ? goTo(key) : press(key, help);
    goes = !goes && key === 'g';
    if (goes) setTimeout(() => (goes = false), goesMs);
    if (done || goes) event.preventDefault();
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}

function isField(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && target.matches('input, textarea, select');
}

function goTo(key: string): boolean {
  const view = views.find(({ menu }) => menu?.press === key);
  if (view) go(to(view.path === '' ? [] : [view.path]));
  return view !== undefined;
}

function press(key: string, help: () => void): boolean {
  if (key === '?') help();
  else if (key === 'j') step(1);
  else if (key === 'k') step(-1);
  else if (key === '/') return focus('[data-find]');
  else if (key === 'r') return focus('[data-answer]');
  else {
    const button = [...document.querySelectorAll<HTMLElement>('[data-press]')].find(
      (one) => one.dataset['press'] === key,
    );
    button?.click();
    return button !== undefined;
  }
  return true;
}

function focus(selector: string): boolean {
  const field = document.querySelector<HTMLElement>(selector);
  field?.focus();
  return field !== null;
}

function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const here = rows.findIndex((row) => row === document.activeElement);
  const next = here < 0 && by < 0 ? rows.length - 1 : here + by;
  const row = rows[Math.min(rows.length - 1, Math.max(0, next))];
  row?.focus();
  row?.scrollIntoView({ block: 'nearest' });
}
