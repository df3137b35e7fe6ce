import { agentNamePattern, isAll } from '../../model/agent.ts';
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

/** Who acts, if it is said. @throws USAGE: it is not known who `does` that */
export function actorOf(session: Session, does: string, named = session.acting): string {
  if (named !== undefined) return named;
  throw usage(`It is not known who ${does}.`, 'Say it with `as`, or set DREAMOS_AGENT.');
}

/** Whoever acts, for the event log. */
export function actingOf({ acting }: Session): { readonly by?: string } {
  return acting === undefined ? {} : { by: acting };
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
