/** What a user knows of other agents' keys: a file of his own for each root, outside of it. */
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Pin } from '../../model/security/identity.ts';
import type { UserFile } from '../../storage/file/disk/foreign/user-files.ts';
import { documentInvalid } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';
import { chmod } from './refusals.ts';

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
  const { path, bytes, isWritable } = file;
  if (isWritable) throw documentInvalid({ document: path }, 'others may change it', chmod(path));
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    value = undefined;
  }
  const { agents } = (value ?? {}) as { readonly agents?: unknown };
  if (typeof agents === 'object' && agents !== null && Object.values(agents).every(isPin)) return agents as Pins;
  throw documentInvalid({ document: path }, 'it does not say which keys are trusted');
}

function isPin(value: unknown): value is Pin {
  if (typeof value !== 'object' || value === null) return false;
  const { key, public: raw, since, seal = '', revoked = [] } = value as Partial<Record<keyof Pin, unknown>>;
  return [key, raw, since, seal].every((one) => typeof one === 'string') && Array.isArray(revoked);
}

/** What is known of an agent, also under a name that it had before. @param card `undefined`: there is none */
export function pinIn(pins: Pins, name: string, card?: AgentCard): Pin | undefined {
  const former = (card?.formerNames ?? []).map((one) => one.name).reverse();
  for (const one of [name, ...former]) {
    const found = Object.hasOwn(pins, one) ? one : Object.keys(pins).find((key) => sameAgent(key, one));
    if (found !== undefined) return pins[found];
  }
  return undefined;
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
    const before = pinIn(pins, name, card);
    const pin = change(before);
    if (pin === before) return pin;
    const others = Object.entries(pins).filter(([key]) => !sameAgent(key, name));
    const agents = Object.fromEntries([...others, ...(pin ? [[name, pin] as const] : [])].sort(byName));
    known.delete(path);
    if (replaceUserFile(path, `${JSON.stringify({ v: 1, agents }, null, 2)}\n`, file)) return pin;
    throw new DreamosError('disk', 'DISK_FAILED', `${path} was changed by another program meanwhile.`, {
      hint: 'Nothing was changed. Try it again.',
    });
  });
}

function byName([a]: readonly [string, Pin], [b]: readonly [string, Pin]): number {
  return a < b ? -1 : 1;
}
