import { alphabet, consumersFirst } from '../../../model/id.ts';
import { isSessionId, type SessionKey } from '../../port/reach.ts';
import type { Layout, Mailbox } from './layout.ts';
import { pathIn } from './path.ts';

/** Names in reach/ and in a mailbox's announced/: of sessions, of who waits for one, and of what was announced to it. */

const sessionPattern = /^([a-z]{1,20})\.(.{1,128})\.json$/;

export function sessionFile({ sessions }: Layout, key: SessionKey): string {
  return pathIn(sessions, `${nameOfSession(key)}.json`);
}

/** `undefined`: it is no session's file. */
export function parseSessionName(name: string): SessionKey | undefined {
  const [, host = '', session] = sessionPattern.exec(name) ?? [];
  return isSessionId(session) ? { host, session } : undefined;
}

/** Who waits for a session; replaced with each that begins to. */
export function placeFile({ sessions }: Layout, key: SessionKey): string {
  return pathIn(sessions, `${nameOfSession(key)}.place`);
}

/** Either of them, while it is being written. @param token drawn anew */
export function unfinishedReach(path: string, token: string): string {
  return `${path}.new-${token}`;
}

export function reachLog({ reach }: Layout): string {
  return pathIn(reach, 'hook.log');
}

/** What it was before it had grown too long. */
export function oldReachLog(layout: Layout): string {
  return `${reachLog(layout)}.1`;
}

/** What was announced to a session of a mailbox's messages. */
export function announcedFolder(mailbox: Mailbox, key: SessionKey): string {
  return pathIn(mailbox.announced, nameOfSession(key));
}

/** Whose announcements such a folder has; `undefined`: it is none of ours. */
export function parseAnnouncedFolder(name: string): SessionKey | undefined {
  return parseSessionName(`${name}.json`);
}

export function markName(id: string, time: number): string {
  return `${id}.${time}`;
}

/** `undefined`: it is no mark of ours. */
export function parseMark(name: string): { id: string; time: number } | undefined {
  const [, id = '', time] = /^([0-7][0-9A-HJKMNP-TV-Z]{25})\.([1-9])$/.exec(name) ?? [];
  return time === undefined ? undefined : { id, time: Number(time) };
}

/** The last guard: whatever was checked before, no name leaves its folder. */
function nameOfSession({ host, session }: SessionKey): string {
  if (!/^[a-z]{1,20}$/.test(host) || !isSessionId(session))
    throw new Error(`not the key of a session: ${JSON.stringify({ host, session })}`);
  return `${host}.${session}`;
}

/** Names in a mailbox's consumers/: of each a mark, with which all tokens of its claims begin, and those of nobody else. */

/** @param token drawn anew */
export function markFrom(token: string): string {
  return consumersFirst + token.slice(0, 3);
}

/** Of one of its claims; of any other claim what no consumer has. */
export function markOf(token: string): string {
  return token.slice(0, 4);
}

export function consumerFile(mailbox: Mailbox, mark: string): string {
  return pathIn(mailbox.consumers, `${mark}.json`);
}

const consumerPattern = new RegExp(`^(${consumersFirst}[${alphabet}]{3})\\.json$`);

/** `undefined`: it is no consumer's file. */
export function parseConsumerName(name: string): string | undefined {
  return consumerPattern.exec(name)?.[1];
}

const tokensOfOne = 32 ** 6;

/** A consumer's tokens, of which none comes again before 2^30 others. @param n a whole number */
export function tokenOf(mark: string, n: number): string {
  let token = mark;
  for (let place = tokensOfOne / 32; place >= 1; place /= 32) token += alphabet.charAt(Math.floor(n / place) % 32);
  return token;
}
