/** What the person has chosen for this browser. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const stored = (key: string): string | null => localStorage.getItem(`dreamos-${key}`);

export const theme = signal<Theme>((stored('theme') as Theme | null) ?? 'system');
/** Single keys that do something: who speaks to his computer, or types by switches, turns them off. */
export const hasKeys = signal(stored('keys') !== 'off');

/** Called once, by the page's entry. */
export function keepSettings(): void {
  effect(() => {
    localStorage.setItem('dreamos-theme', theme.value);
    document.documentElement.dataset['theme'] = theme.value;
  });
  effect(() => localStorage.setItem('dreamos-keys', hasKeys.value ? 'on' : 'off'));
}
