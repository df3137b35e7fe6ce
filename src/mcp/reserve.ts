/** Tools that reserve files. */
import { errorJson } from '../cli/errors.ts';
import { harmless } from '../cli/harmless.ts';
import { given } from '../cli/input/parse.ts';
import { releaseReservations } from '../core/reserve/held.ts';
import { reserve } from '../core/reserve/reserve.ts';
import { parseDuration } from '../model/duration.ts';
import { DreamosError } from '../model/errors.ts';
import { type Body, waitOf } from './call.ts';

export const reserveFiles: Body<'reserve'> = async ({ context, session, signal }, { paths, wait, ...how }) => {
  const cwd = context.around.cwd();
  const forMs = how.for === undefined ? undefined : parseDuration(how.for, 'duration for `for`');
  const { shared, reason } = how;
  const waitMs = waitOf(wait, 0);
  const made = (await reserve(session, paths, { cwd, signal, waitMs, ...given({ shared, reason, forMs }) })) ?? [];
  // Nobody has been told that he has them.
  if (signal.aborted && made.every(({ created }) => created)) await releaseReservations(session, paths, { cwd });
  const text = made.map(({ path, until, token }) => `${harmless(path)} is yours until ${until} (token ${token}).`);
  return { text: text.join('\n'), value: { reservations: made } };
};

export const releaseFiles: Body<'release'> = async ({ context, session }, { paths }) => {
  const results = await releaseReservations(session, paths, { cwd: context.around.cwd() });
  const released = results.flatMap((one) => (one instanceof DreamosError ? [] : [one]));
  const errors = results.flatMap((one) => (one instanceof DreamosError ? [one] : []));
  const [first] = errors;
  if (first !== undefined && released.length === 0) throw first;
  const text = [
    ...released.map(({ path }) => `${harmless(path)} is free.`),
    ...errors.map(({ code, message }) => `${code}: ${harmless(message)}`),
  ];
  return {
    text: text.join('\n') || 'You have reserved nothing.',
    value: { released, refused: errors.map((error) => errorJson(error)) },
  };
};
