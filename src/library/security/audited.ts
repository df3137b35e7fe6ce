import { libraryPathOf, operationNames } from '../../contract/operations.ts';
import { noteIfDenied } from '../../core/audit/note.ts';
import { endNotes, noted } from '../../core/audit/noted.ts';
import type { Session } from '../../core/root/root.ts';

type Call = (...args: unknown[]) => Promise<unknown> | AsyncGenerator<unknown, unknown, undefined>;
type Group = Record<string, unknown>;

/** Has each operation of a root noted that the audit is to know of. */
export function audited<Mail extends object>(session: Session, mail: Mail): Mail {
  // The server notes it.
  if (session.gate?.away) return mail;
  for (const name of operationNames) {
    const [group, verb] = (libraryPathOf(name) ?? '').split('.');
    const holder = (verb === undefined ? mail : mail[group as keyof Mail]) as Group | undefined;
    const key = verb ?? group ?? '';
    const call = holder?.[key] as Call | undefined;
    if (!holder || typeof call !== 'function') continue;
    const each = name === 'consume' ? (job: unknown) => noteSettling(session, job) : undefined;
    holder[key] = (...args: unknown[]) => noted(session, name, args, () => call(...args), each);
  }
  return mail;
}

export async function closeNoted(session: Session): Promise<void> {
  await endNotes(session);
  await session.close();
}

/** What is called of a job is called in no other way. */
function noteSettling(session: Session, value: unknown): void {
  const job = value as Group;
  for (const name of ['ack', 'nack', 'renew'] as const) {
    const settle = job[name] as (...args: unknown[]) => Promise<unknown>;
    job[name] = (...args: unknown[]) =>
      settle(...args).catch(async (error: unknown) => {
        await noteIfDenied(session, name, error);
        throw error;
      });
  }
}
