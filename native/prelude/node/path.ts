import * as process from './process.ts';

export const sep = '/';
export const delimiter = ':';

export function normalize(path: string): string {
  if (path === '') return '.';
  const absolute = isAbsolute(path);
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!absolute) parts.push(part);
  }
  const joined = parts.join('/');
  const tail = path.endsWith('/') && joined !== '' ? '/' : '';
  if (absolute) return `/${joined}${tail}`;
  if (joined === '') return path.endsWith('/') ? './' : '.';
  return joined + tail;
}

export function join(...parts: string[]): string {
  return normalize(parts.filter((part) => part !== '').join('/'));
}

export function resolve(...parts: string[]): string {
  let path = '';
  for (const part of parts.toReversed()) {
    if (path.startsWith('/')) break;
    if (part !== '') path = path === '' ? part : `${part}/${path}`;
  }
  if (!path.startsWith('/')) path = path === '' ? process.cwd() : `${process.cwd()}/${path}`;
  const whole = normalize(path);
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
}

export function isAbsolute(path: string): boolean {
  return path.startsWith('/');
}

/** Without the slashes at its end, but `/` itself. */
function trimmed(path: string): string {
  let end = path.length;
  while (end > 1 && path.charAt(end - 1) === '/') end--;
  return path.slice(0, end);
}

export function dirname(path: string): string {
  const whole = trimmed(path);
  const slash = whole.lastIndexOf('/');
  if (whole === '' || slash === -1) return '.';
  // As Node: `//name` is in `//`.
  if (slash === 0) return '/';
  return slash === 1 && whole.startsWith('//') ? '//' : whole.slice(0, slash);
}

export function basename(path: string): string {
  const whole = trimmed(path);
  return whole.slice(whole.lastIndexOf('/') + 1);
}

export function extname(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 || name === '..' ? '' : name.slice(dot);
}

export function relative(from: string, to: string): string {
  const one = resolve(from).split('/').filter(Boolean);
  const other = resolve(to).split('/').filter(Boolean);
  let same = 0;
  while (same < one.length && same < other.length && one[same] === other[same]) same++;
  return [...one.slice(same).map(() => '..'), ...other.slice(same)].join('/');
}
