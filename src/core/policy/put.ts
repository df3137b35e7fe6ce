/** The one way to write policy.json, and to take it away: a version is kept first (core/root/revisions.ts). */
import { DreamosError } from '../../model/errors.ts';
import type { Policy } from '../../model/security/policy.ts';
import { underLock } from '../root/documents.ts';
import {
  isSame,
  keepFound,
  keepNext,
  lastInForce,
  noteInForce,
  type Remarks,
  versionInForce,
} from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { forgetPolicy, writtenPolicy } from './in-force.ts';

export interface PolicyChangeOptions {
  /** Why, for its versions. */
  readonly note?: string;
  /** Only if this version is in force; 0: no policy ever was. */
  readonly ifVersion?: number;
}

interface Put {
  readonly version: number;
  /** `false`: that was so already. */
  readonly isNew: boolean;
}

/**
 * @param policy checked; `undefined`: there is to be none
 * @returns the version in force; the one before, if that says the same; 0: there never was any @throws STATE_CHANGED
 */
export async function putPolicy(
  session: Session,
  policy: Policy | undefined,
  options: PolicyChangeOptions = {},
): Promise<Put> {
  const done = await underLock(session.store.documents, 'policy', 'The policy is', () =>
    putOnce(session, policy, options),
  );
  forgetPolicy(session);
  return done;
}

async function putOnce(
  session: Session,
  policy: Policy | undefined,
  { note, ifVersion }: PolicyChangeOptions,
): Promise<Put | undefined> {
  const { documents } = session.store;
  // A note that somebody has spoilt is refused before anything is changed.
  await documents.get('in-force');
  const last = await lastInForce(session, 'policy');
  const found = await findWritten(session);
  const { unusable } = found;
  const base = unusable === undefined ? await baseOf(session, found.policy, last) : last;
  if (base === undefined) return undefined;
  if (ifVersion !== undefined && (unusable !== undefined || base !== ifVersion)) throw otherVersion(base, ifVersion);
  if (unusable === undefined && isSame(found.policy, policy)) {
    // Who has put it there, or taken it away, may have been killed before he noted it.
    if (base > 0) await noteInForce(session, base, 'policy');
    return { version: base, isNew: false };
  }
  const remarks: Remarks = {
    ...(note !== undefined && { note }),
    ...(unusable !== undefined && { replaced: unusable }),
  };
  const version = await keepNext(session, 'policy', policy, { base, ...remarks });
  if (version === undefined || !(await place(session, policy, found.version))) return undefined;
  await noteInForce(session, version, 'policy');
  return { version, isNew: true };
}

/** What is in force, kept by now, if somebody has written it, or taken it away, by hand. `undefined`: somebody else was faster. */
async function baseOf(session: Session, policy: Policy | undefined, last: number): Promise<number | undefined> {
  return (await versionInForce(session, 'policy', policy, last)) ?? (await keepFound(session, 'policy', policy));
}

async function place({ store }: Session, policy: Policy | undefined, version: string | undefined): Promise<boolean> {
  if (policy !== undefined) return store.documents.put('policy', policy, version);
  return version !== undefined && store.documents.withdraw('policy', version);
}

interface Written {
  readonly policy?: Policy;
  readonly version: string | undefined;
  /** What cannot be used, as a text. */
  readonly unusable?: string;
}

async function findWritten(session: Session): Promise<Written> {
  const { documents } = session.store;
  try {
    const version = (await documents.get('policy'))?.version;
    const policy = await writtenPolicy(session);
    return policy === undefined ? { version } : { version, policy };
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    const { text, version } = (await documents.text('policy')) ?? { text: '', version: undefined };
    return { version, unusable: text };
  }
}

/**
 * Keeps what somebody has written into policy.json by hand, as a version. That it was taken away is kept by nobody but who changes it
 * next: until then `doctor` says so.
 * @returns its number; `undefined`: nothing had to be kept, or it cannot be used
 */
export async function keepHandEdit(session: Session, { dryRun = false } = {}): Promise<number | undefined> {
  const { documents } = session.store;
  const look = async (): Promise<Policy | undefined> => {
    const last = await lastInForce(session, 'policy');
    const { policy } = await findWritten(session);
    if (policy === undefined) return undefined;
    return (await versionInForce(session, 'policy', policy, last)) === undefined ? policy : undefined;
  };
  // Mostly there is nothing, and nobody needs a lock for that.
  if (!(await look())) return undefined;
  if (dryRun) return ((await documents.revisions('policy')).at(-1) ?? 0) + 1;
  return documents.withLock('change.policy', async () => {
    const policy = await look();
    return policy && keepFound(session, 'policy', policy);
  });
}

function otherVersion(now: number, wanted: number): DreamosError {
  const message = `Version ${wanted} of the policy is not in force any more: it is version ${now}. Nothing was changed.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, {
    hint: wanted < now ? `What has changed: dreamos policy diff ${wanted} ${now}` : 'dreamos policy history',
  });
}
