/** policy.json, which people also edit by hand. */
import { DreamosError } from '../../model/errors.ts';
import { policyIn } from '../../model/security/policy-file.ts';
import type { Policy } from '../../model/security/policy.ts';
import { documentInvalid } from '../../storage/port/refusals.ts';
import type { Store } from '../../storage/port/store.ts';
import { createLooks } from '../root/looks.ts';
import { lastInForce, revisionOf } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';

interface Loaded {
  /** `undefined`: there is no policy, and everything is allowed. */
  readonly policy: Policy | undefined;
  /** What is wrong with the file, while what it said before holds. */
  readonly remark?: string;
}

const looks = createLooks(load);
const lastGood = new WeakMap<Store, Policy>();
const told = new WeakMap<Session['warn'], string>();

/**
 * What holds now. While somebody has one there that cannot be used, what this process last read of it holds, for a new process
 * its last version: nobody may more because a file was spoilt.
 * @throws CONFIG_INVALID: nobody knows of any that could be used, so nothing is allowed
 */
export async function policyNow(session: Session): Promise<Policy | undefined> {
  const { policy, remark } = await looks.now(session);
  const { warn } = session;
  if (remark !== undefined && told.get(warn) !== remark) {
    told.set(warn, remark);
    session.warn(remark);
  }
  return policy;
}

/** After a change of policy.json by this process. */
export function forgetPolicy(of: Pick<Session, 'store'>): void {
  looks.forget(of);
}

async function load(session: Session): Promise<Loaded> {
  const { store } = session;
  try {
    const policy = await writtenPolicy(session);
    if (policy) lastGood.set(store, policy);
    else lastGood.delete(store);
    return { policy };
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    const policy = lastGood.get(store) ?? (await keptPolicy(session));
    if (policy === undefined) throw withoutAny(error);
    lastGood.set(store, policy);
    return { policy, remark: `${error.message} What it said before stays in force.` };
  }
}

/** policy.json as it is now; `undefined`: there is none. @throws CONFIG_INVALID naming file, line, column and what is wrong */
export async function writtenPolicy(session: Session): Promise<Policy | undefined> {
  const { documents } = session.store;
  const written = await documents.get('policy');
  if (written === undefined) return undefined;
  const found = policyIn(written.value);
  if ('policy' in found) return found.policy;
  const { path, why } = found.fault;
  throw documentInvalid(
    await documents.locate('policy', path),
    [path.join('.'), why].filter(Boolean).join(': '),
    'Mend it there; or another one: dreamos policy set <file>',
  );
}

/** What its last version says that is known to have been in force. */
async function keptPolicy(session: Session): Promise<Policy | undefined> {
  const last = await lastInForce(session, 'policy');
  if (last === 0) return undefined;
  const found = policyIn((await revisionOf(session, 'policy', last))?.policy);
  return 'policy' in found ? found.policy : undefined;
}

function withoutAny({ kind, code, message }: DreamosError): DreamosError {
  return new DreamosError(kind, code, `${message} Nothing is known that could hold instead, so nothing is allowed.`, {
    hint: 'Mend it there, or take the file away: without one everything is allowed',
  });
}
