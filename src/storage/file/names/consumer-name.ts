import { alphabet, consumersFirst } from '../../../model/id.ts';
import type { Mailbox } from './layout.ts';
import { pathIn } from './path.ts';

/** Names in a mailbox's consumers/: of each a mark, with which all tokens of its claims begin, and those of nobody else. */

/** @param token drawn anew */
export function markFrom(token: string): string {
  return consumersFirst + token.slice(0, 3);
}

export function consumerFile(mailbox: Mailbox, mark: string): string {
  return pathIn(mailbox.consumers, `${mark}.json`);
}

const pattern = new RegExp(`^(${consumersFirst}[${alphabet}]{3})\\.json$`);

/** `undefined`: it is no consumer's file. */
export function parseConsumerName(name: string): string | undefined {
  return pattern.exec(name)?.[1];
}

const tokensOfOne = 32 ** 6;

/** A consumer's tokens, of which none comes again before 2^30 others. @param n a whole number */
export function tokenOf(mark: string, n: number): string {
  let token = mark;
  for (let place = tokensOfOne / 32; place >= 1; place /= 32) token += alphabet.charAt(Math.floor(n / place) % 32);
  return token;
}
