/**
 * The bearer token. It comes in the fragment of the address, which no request carries, is taken out of it at once, and lies in
 * this tab alone: sessionStorage, no cookie.
 */
import { signal } from '@preact/signals';

const key = 'dreamos-token';

export const token = signal(sessionStorage.getItem(key) ?? '');

/** `#token=…` of the address. Called before anything asks where the person is. */
export function takeToken(): void {
  const found = /^#token=([^&]+)/.exec(location.hash);
  if (found?.[1] === undefined) return;
  keepToken(decodeURIComponent(found[1]));
  history.replaceState(undefined, '', location.pathname);
}

export function keepToken(text: string): void {
  sessionStorage.setItem(key, text);
  token.value = text;
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
  token.value = '';
}
