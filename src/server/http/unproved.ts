/**
 * What the audit is told of requests that prove nothing: whoever reaches the server can send as many as he likes, and each would
 * be a line for good. The first is noted at once, and those of the minutes behind it as one line each minute, with their number.
 */
import { noteCall } from '../../core/audit/note.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';

const everyMs = 60_000;

export interface Unproved {
  /** @param name what was asked for @param error of code UNAUTHENTICATED */
  note(name: string, error: DreamosError): Promise<void>;
  /** Notes what is counted. */
  end(): Promise<void>;
}

/** @param session in which it is nobody's doing */
export function createUnproved(session: Session): Unproved {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const tell = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (count === 0) return;
    const message = `Requests that proved nothing, within the last ${everyMs / 1000} seconds: ${count}.`;
    count = 0;
    begin();
    await noteCall(session, 'serve', [], new DreamosError('denied', 'UNAUTHENTICATED', message));
  };
  const begin = (): void => {
    timer = setTimeout(() => void tell(), everyMs).unref();
  };
  return {
    note: async (name, error) => {
      if (timer) {
        count++;
        return;
      }
      begin();
      await noteCall(session, name, [], error);
    },
    end: async () => {
      await tell();
      clearTimeout(timer);
    },
  };
}
