/** What a user knows of other agents' keys: a file of his own for each root, outside of it. */
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import type { FormerKey, Pin } from '../../model/security/identity.ts';
import type { UserFile } from '../../storage/file/disk/foreign/user-files.ts';
import { documentInvalid } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';
import { formerKeys } from './former.ts';
import { chmod, whose } from './refusals.ts';
import { otherSaying, says } from './said.ts';

/** By the agents' names, as they were called. */
export type Pins = Readonly<Record<string, Pin>>;

const userFiles = () => import('../../storage/file/disk/foreign/user-files.ts');

const mostKnown = 100;
const known = new Map<string, { readonly version: string; readonly pins: Pins }>();

const none: Pins = {};

/** @throws CONFIG_INVALID: they are spoilt, or others may change them */
export async function pinsOf(session: Session, root: string): Promise<Pins> {
  const { readUserFile, userPaths, versionOfUserFile } = await userFiles();
  const path = userPaths(session.env).trust(root);
  const version = versionOfUserFile(path);
  if (version === undefined) return none;
  const before = known.get(path);
  if (before?.version === version) return before.pins;
  const file = readUserFile(path);
  if (!file) return none;
  const pins = parse(file);
  if (known.size >= mostKnown) known.clear();
  known.set(path, { version: file.version, pins });
  return pins;
}

function parse(file: UserFile): Pins {
  const { path, bytes, isAnothers, isWritable } = file;
  if (isAnothers) throw documentInvalid({ document: path }, 'it belongs to another user', whose(path));
  if (isWritable) throw documentInvalid({ document: path }, 'others may change it', chmod(path));
  const { agents } = (jsonIn(bytes.toString()) ?? {}) as { readonly agents?: unknown };
  if (typeof agents === 'object' && agents !== null && Object.values(agents).every(isPin)) return agents as Pins;
  throw documentInvalid({ document: path }, 'it does not say which keys are trusted');
}

function isPin(value: unknown): value is Pin {
  if (typeof value !== 'object' || value === null) return false;
  const {
    key,
    public: raw,
    since,
    seal = '',
    revoked = [],
    former = [],
  } = value as Partial<Record<keyof Pin, unknown>>;
  const isText = [key, raw, since, seal].every((one) => typeof one === 'string');
  return isText && Array.isArray(revoked) && Array.isArray(former) && former.every(isFormer);
}

function isFormer(value: unknown): value is FormerKey {
  const { key, public: raw, until } = (value ?? {}) as Partial<Record<keyof FormerKey, unknown>>;
  return [key, raw, until].every((one) => typeof one === 'string');
}

/**
 * What is known of an agent, also under a name that it had before, unless that is known of another agent by now.
 * @param card `undefined`: there is none
 */
export async function pinIn(session: Session, pins: Pins, name: string, card?: AgentCard): Promise<Pin | undefined> {
  const own = pinAt(pins, name);
  if (own) return own;
  for (const former of (card?.formerNames ?? []).map((one) => one.name).reverse()) {
    const pin = pinAt(pins, former);
    if (pin && (says(card ?? {}, [pin.key]) || !(await otherSaying(session, name, [pin.key])))) return pin;
  }
  return undefined;
}

/** By this name itself. */
export function pinAt(pins: Pins, name: string): Pin | undefined {
  const found = Object.hasOwn(pins, name) ? name : Object.keys(pins).find((key) => sameAgent(key, name));
  return found === undefined ? undefined : pins[found];
}

/** What is known under a name of who has another one now, and is not known by that yet: it goes there before it is changed. */
async function keptFor(session: Session, pins: Pins, name: string, card: AgentCard | undefined): Promise<Pins> {
  const pin = pinAt(pins, name);
  if (!pin || says(card ?? {}, [pin.key])) return none;
  const other = await otherSaying(session, name, [pin.key]);
  const wasCalled = other?.formerNames?.some((former) => sameAgent(former.name, name));
  return other && wasCalled && !pinAt(pins, other.name) ? { [other.name]: pin } : none;
}

/**
 * Looks at what is known of one agent and changes it, as one step.
 * @param change `undefined`: it is forgotten; the same object: it stays
 * @throws DISK_FAILED, CONFIG_INVALID
 */
export async function changePin(
  session: Session,
  root: string,
  { name, card }: { readonly name: string; readonly card?: AgentCard | undefined },
  change: (pin: Pin | undefined) => Pin | undefined,
): Promise<Pin | undefined> {
  const { readUserFile, replaceUserFile, userPaths, whileUserFileHeld } = await userFiles();
  const path = userPaths(session.env).trust(root);
  return whileUserFileHeld(path, async () => {
    const file = readUserFile(path);
    const pins = file ? parse(file) : none;
    const before = await pinIn(session, pins, name, card);
    const changed = change(before);
    if (changed === before) return changed;
    const own = pinAt(pins, name);
    const isAnother = own?.key !== changed?.key;
    const former = changed && isAnother ? await formerKeys(session, name, card, own) : [];
    const pin = changed && former.length > 0 ? { ...changed, former } : changed;
    const others = without({ ...pins, ...(await keptFor(session, pins, name, card)) }, name);
    const left = pin ? { ...others, [name]: pin } : await forgotten(session, others, name, card);
    const agents = Object.fromEntries(Object.entries(left).sort(byName));
    known.delete(path);
    if (replaceUserFile(path, `${JSON.stringify({ v: 1, agents }, null, 2)}\n`, file)) return pin;
    throw new DreamosError('disk', 'DISK_FAILED', `${path} was changed by another program meanwhile.`, {
      hint: 'Nothing was changed. Try it again.',
    });
  });
}

function without(pins: Pins, name: string): Pins {
  return Object.fromEntries(Object.entries(pins).filter(([key]) => !sameAgent(key, name)));
}

/** Also under the names that it had before, or one of those would count from now on. */
async function forgotten(session: Session, pins: Pins, name: string, card: AgentCard | undefined): Promise<Pins> {
  let left = pins;
  for (;;) {
    const former = await pinIn(session, left, name, card);
    if (!former) return left;
    left = Object.fromEntries(Object.entries(left).filter(([, pin]) => pin !== former));
  }
}

function byName([a]: readonly [string, Pin], [b]: readonly [string, Pin]): number {
  return a < b ? -1 : 1;
}
