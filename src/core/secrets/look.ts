/**
 * Looks for secrets in what is to be sent, where the setting `secrets` asks for it. It is a net with holes: it knows the forms
 * of some secrets, and no words say to it that they are one.
 */
import { DreamosError } from '../../model/errors.ts';
import { lookedAt } from '../../model/security/secrets.ts';
import type { Session } from '../root/root.ts';
import { troubleIsOver, warnOnce } from '../root/trouble.ts';
import type { Effective } from '../root/settings.ts';
import type { Found } from './found.ts';

const told = 3;
const noLook = 'secrets';

/**
 * @param data of the message, as JSON
 * @param to whom it is for, to be told
 * @returns why it must not be sent: SECRET_FOUND, or CONFIG_INVALID where nothing can look. Not thrown, because it may be the
 * repeat of what was sent before
 */
export async function lookForSecrets(
  session: Session,
  { secrets, secretScanner }: Pick<Effective, 'secrets' | 'secretScanner'>,
  words: Parameters<typeof lookedAt>[0],
  data: string,
  to: string,
): Promise<DreamosError | undefined> {
  const { text, placeOf } = lookedAt(words, data);
  if (text === '') return undefined;
  let found: readonly Found[];
  try {
    found =
      secretScanner.length > 0
        ? await (await import('./command.ts')).lookByCommand(secretScanner, text)
        : await (await import('./secretlint.ts')).lookBySecretlint(text);
    troubleIsOver(session, noLook);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (secrets === 'refuse') return notSent(error);
    warnOnce(session, noLook, [error.message, error.hint].filter(Boolean).join(' '));
    return undefined;
  }
  if (found.length === 0) return undefined;
  const what = `The message to ${to} looks as if it held a secret: ${saidOf(found, placeOf)}`;
  if (secrets === 'refuse') return secretFound(`${what}. Nothing was sent.`);
  session.warn(`${what}. It is sent, because the setting secrets is ${secrets}.`);
  return undefined;
}

function saidOf(found: readonly Found[], placeOf: (at: number) => string): string {
  const said = found.map(({ what, at }) => (at === undefined ? what : `${what} in ${placeOf(at)}`));
  const all = [...new Set(said)];
  return [...all.slice(0, told), ...(all.length > told ? [`${all.length - told} more`] : [])].join(', ');
}

function secretFound(message: string): DreamosError {
  return new DreamosError('denied', 'SECRET_FOUND', message, {
    hint: 'Send where it lies instead: the path of a file, or its name; what is looked for: dreamos help security',
  });
}

function notSent({ kind, code, message, hint, cause }: DreamosError): DreamosError {
  return new DreamosError(kind, code, `${message} Nothing was sent: the setting secrets is refuse.`, { hint, cause });
}
