import { delimiter, join } from 'node:path';
import { DreamosError } from '../../model/errors.ts';
import { harmless } from '../harmless.ts';
import type { Surroundings } from '../surroundings.ts';

/** Looks where the system will look, so that a command that is not there takes no mail. @throws COMMAND_NOT_STARTED */
export async function checkCommand({ env, canRun }: Surroundings, [file = '']: readonly string[]): Promise<void> {
  const folders = file.includes('/') ? [''] : (env['PATH'] ?? '/bin:/usr/bin').split(delimiter);
  for (const folder of folders) if (file !== '' && (await canRun(join(folder, file)))) return;
  const hint = file.includes('/')
    ? `Look whether it is there and may be run: ls -l ${harmless(file)}; or: chmod +x ${harmless(file)}`
    : `Look where it is and whether it may be run: ls -l "$(command -v ${harmless(file)})"`;
  throw new DreamosError('usage', 'COMMAND_NOT_STARTED', `There is no command "${harmless(file)}" that can be run.`, {
    hint,
  });
}

/** What the system said when it should start the command. @param after what has become of that */
export function notStarted(
  error: unknown,
  [file = '']: readonly string[],
  after = ' Its message was given back, and the worker has ended.',
): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const room = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(code);
  return new DreamosError(
    room ? 'disk' : 'usage',
    'COMMAND_NOT_STARTED',
    `The command "${harmless(file)}" could not be started: ${message}.${after}`,
    {
      hint: room
        ? 'Try again when the machine has room for another process.'
        : 'Is the interpreter of its first line there, and the folder in which the worker was started?',
      cause: error,
    },
  );
}
