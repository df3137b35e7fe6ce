import { agentNamePattern, isAll, sameAgent } from '../../model/agent.ts';
import { labelCharacters } from '../../model/basics/limits.ts';
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { Session } from './root.ts';

const aName = "an agent's name";
export const nameHint =
  'A name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or a digit.';

/** @throws NAME_INVALID */
export function checkGroup(group: string): void {
  checkNewName(group, "a group's name");
}

/** Of an agent or a group that is to be made. An older mailbox that is imported keeps its name. @throws NAME_INVALID */
export function checkNewName(name: string, what?: string): void {
  checkName(name, what);
  if (!isAll(name)) return;
  throw new DreamosError('invalid', 'NAME_INVALID', `"${name}" cannot be ${what ?? aName}: everybody is in @all.`, {
    hint: 'Give it another name.',
  });
}

/** How each face of dreamos is told who acts. */
export const sayWho = 'Say who you are: `as`, over HTTP the header Dreamos-Agent, or DREAMOS_AGENT';

/** Who acts, if it is said. @throws USAGE: it is not known who `does` that; FORBIDDEN: he is another one than he has proved to be */
export function actorOf(session: Session, does: string, named = session.acting): string {
  checkProved(session, named);
  if (named !== undefined) return named;
  throw usage(`It is not known who ${does}.`, sayWho);
}

/** @param named whom something is to be from @throws FORBIDDEN: who acts has proved that he is another one */
export function checkProved({ acting, proved }: Session, named: string | undefined): void {
  if (!proved || named === undefined || (acting !== undefined && sameAgent(acting, named))) return;
  const message = `${acting ?? 'Who does not say who he is'} has proved who he is, and sends nothing as ${named}.`;
  throw new DreamosError('denied', 'FORBIDDEN', message, { hint: 'Leave `from` out' });
}

/** Whoever acts, for the event log. */
export function actingOf({ acting }: Session): { readonly by?: string } {
  return acting === undefined ? {} : { by: acting };
}

// Control characters, what ends a line, halves of surrogate pairs.
const noLabel = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** What a consumer calls itself. @throws USAGE */
export function checkLabel(label: string): void {
  const { length } = label;
  if (length >= 1 && length <= labelCharacters && !noLabel.test(label)) return;
  const why = length === 0 ? 'it is empty' : length > labelCharacters ? `it has ${length} characters` : undefined;
  const what = why ?? `${JSON.stringify(noLabel.exec(label)?.[0])} is not allowed in it`;
  throw usage(
    `${JSON.stringify(cut(label, 70))} cannot be the label of a consumer: ${what}.`,
    `A label (\`label\` or DREAMOS_LABEL) has 1 to ${labelCharacters} characters, none of them a control character.`,
  );
}

/** @throws NAME_INVALID */
export function checkName(name: string, what = aName): void {
  if (agentNamePattern.test(name)) return;
  const message = `${JSON.stringify(cut(name, 70))} cannot be ${what}: ${whyNoName(name)}.`;
  throw new DreamosError('invalid', 'NAME_INVALID', message, { hint: nameHint });
}

function whyNoName(name: string): string {
  if (name === '') return 'it is empty';
  if (name.length > 64) return `it has ${name.length} characters`;
  const odd = /[^A-Za-z0-9._-]/u.exec(name)?.[0];
  return odd === undefined
    ? `it begins with ${JSON.stringify(name[0])}`
    : `${JSON.stringify(odd)} is not allowed in it`;
}
