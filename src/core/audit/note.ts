/**
 * Noting what was done: a line each, appended behind the work itself, and now and then a checkpoint. Nothing waits for the disk
 * but a checkpoint, and nothing that is done fails for it: an audit that cannot be written is a warning.
 */
import { isoTime } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import { auditLine, errorText, lineEnd, type MailDone, type OperationDone } from '../../model/security/audit.ts';
import type { Store } from '../../storage/port/store.ts';
import { rootSettings } from '../root/config-file.ts';
import { lastInForce, revisionOf } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { checkpointIfDue } from './due.ts';
import { isAudited, onlyLooks } from './what.ts';

/** What became of mail, for whom a setting has said that it is noted. */
export async function noteMail(session: Session, done: readonly MailDone[]): Promise<void> {
  if (done.length > 0) await note(session, done);
}

/**
 * How a call of an operation has ended: one that administers or purges, or that was denied. All else is passed over.
 * @param name the operation, or whatever was called @param args what it was called with @param error what it threw
 */
export async function noteCall(
  session: Session,
  name: string,
  args: readonly unknown[],
  error?: unknown,
): Promise<void> {
  const done = said(session, name, args, error);
  if (!done || !(await isOn(session, name))) return;
  await note(session, [done]);
}

/** Without what it was called with, which may be somebody's words. */
export async function noteIfDenied(session: Session, name: string, error: unknown): Promise<void> {
  if (isDenied(error)) await noteCall(session, name, [], error);
}

/** What init has made, if that is anything. */
export async function noteInit({ root, created, agents }: Initialised): Promise<void> {
  const made = agents.filter((agent) => agent.created).map(({ name }) => name);
  if (created || made.length > 0) await noteCall(root, 'init', made);
}

/** Of who was denied what opens no root first, such as init: in the root that is there. @param open of that one */
export async function noteDenied(open: () => Promise<Session>, name: string, error: unknown): Promise<void> {
  if (!isDenied(error)) return;
  // Where none can be opened, there is nothing to note it in.
  const root = await open().catch(() => undefined);
  if (!root) return;
  try {
    await noteCall(root, name, [], error);
  } finally {
    await root.close();
  }
}

export function isDenied(error: unknown): error is DreamosError {
  return error instanceof DreamosError && error.kind === 'denied';
}

interface Initialised {
  readonly root: Session;
  readonly created: boolean;
  readonly agents: readonly { readonly name: string; readonly created: boolean }[];
}

function said({ acting }: Session, op: string, args: readonly unknown[], error: unknown): OperationDone | undefined {
  const by = acting ?? null;
  if (isDenied(error)) {
    const { code, message } = error;
    // What was to be sent is no matter of the audit, so of these nobody is told with what they were called.
    return { op, by, result: 'denied', code, why: errorText(message) };
  }
  if (!isAudited(op) || onlyLooks(op, args)) return undefined;
  const { kind, code, message } = error instanceof DreamosError ? error : unexpected;
  // It has done what it could, or has found nobody to tell that it is done.
  if (error === undefined || code === 'PROBLEMS_FOUND' || code === 'OUTPUT_CLOSED')
    return { op, by, result: 'done', args };
  // Any other kind of refusal says that nothing was done.
  return kind === 'disk' || kind === 'unreachable' || kind === 'bug'
    ? { op, by, result: 'failed', code, why: errorText(message), args }
    : undefined;
}

const unexpected = { kind: 'bug', code: 'UNEXPECTED', message: 'Something unexpected happened.' } as const;

/** The call that turns it off is the last one that is noted. */
async function isOn(session: Session, name: string): Promise<boolean> {
  try {
    if (((await rootSettings(session)).audit ?? 'admin') !== 'off') return true;
    if (!name.startsWith('config.')) return false;
    const last = await revisionOf(session, 'settings', await lastInForce(session, 'settings'));
    if (!last || last.settings?.audit !== 'off') return false;
    const before = last.base > 0 ? await revisionOf(session, 'settings', last.base) : undefined;
    return before?.settings?.audit !== 'off';
  } catch (error) {
    // While nobody knows what is set, the default holds.
    if (error instanceof DreamosError) return true;
    throw error;
  }
}

async function note(session: Session, done: readonly (MailDone | OperationDone)[]): Promise<void> {
  try {
    const { store } = session;
    const at = isoTime(store.now());
    const end = ends.get(store) ?? (await endOf(store));
    let lines = '';
    for (const one of done) lines += auditLine(at, one, end);
    const day = at.slice(0, 10);
    await store.audit.append(day, lines);
    await checkpointIfDue(session, day, { lines: done.length, bytes: Buffer.byteLength(lines) });
  } catch (error) {
    session.warn(`It is done, but the audit could not be written: ${(error as Error).message}`);
  }
}

const ends = new WeakMap<Store, string>();

async function endOf(store: Store): Promise<string> {
  const end = lineEnd(await store.self());
  ends.set(store, end);
  return end;
}
