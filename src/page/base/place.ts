/** Where the person is: what stands behind `#` in the address, `#/mail/planner?state=dead`. */
import { signal } from '@preact/signals';

export interface Place {
  /** Decoded: `mail`, `planner`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export const place = signal<Place>({ path: [], query: new URLSearchParams() });

/** Called once, by the page's entry. */
export function followAddress(): void {
  const follow = (): void => void (place.value = placeIn(location.hash));
  addEventListener('hashchange', follow);
  follow();
}

function placeIn(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export type Words = Readonly<Record<string, string | undefined>>;

/** Of a link: `to(['mail', 'planner'], { state: 'dead' })`. What is empty is left out. */
export function to(path: readonly string[], query: Words = {}): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) said.set(name, value);
  const text = said.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text && `?${text}`}`;
}

/** Where the same query holds: of a row of a list, and back from it. */
export function inPlace(path: readonly string[]): string {
  return to(path, Object.fromEntries(place.value.query));
}

export function go(href: string): void {
  location.hash = href;
}

/** The same place with another query, without a step of its history. */
export function change(query: Words): void {
  const all = { ...Object.fromEntries(place.value.query), ...query };
  history.replaceState(undefined, '', to(place.value.path, all));
  place.value = placeIn(location.hash);
}
