/** Tags of versions, as `ETag`, `If-Match` and `If-None-Match` have them. */
import { sha256 } from '../../model/basics/sha256.ts';
import { usage } from '../../model/refusals.ts';

/** `"12"` */
export function tagOf(version: string | number): string {
  return `"${version}"`;
}

/** Of what has no version of its own. */
export function tagOfText(text: string): string {
  return tagOf(sha256(text).slice(0, 32));
}

/** Whether a list of tags has this one; a weak one is as good, since an answer is written in one way only. */
export function isMeant(tag: string, list: string | undefined): boolean {
  return list !== undefined && (list.trim() === '*' || tagsIn(list).includes(tag.slice(1, -1)));
}

/** The version that `If-Match` asks for. @returns `undefined`: any @throws USAGE */
export function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const [tag = '', ...more] = tagsIn(ifMatch);
  const version = /^(\d{1,9})(?:-[0-9a-f]{12})?$/.exec(tag)?.[1];
  if (more.length === 0 && version !== undefined) return Number(version);
  throw usage('If-Match is no version.', 'Give it what ETag of the look has said, such as "12"');
}

function tagsIn(list: string): string[] {
  return [...list.matchAll(/(?:W\/)?"([^"]*)"/g)].map(([, tag = '']) => tag);
}
