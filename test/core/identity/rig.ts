import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeKnownCard } from '../../../src/core/agents/agents.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { CardKey } from '../../../src/model/security/identity.ts';
import { scratch } from '../../scratch.ts';
import { createCoreRig, type CoreRig } from '../rig.ts';

export interface IdentityRig extends CoreRig {
  /** The same mail as another user has it, with a configuration folder of his own. */
  user(acting?: string, env?: NodeJS.ProcessEnv): Session & { readonly home: string };
}

export async function createIdentityRig(): Promise<IdentityRig> {
  const rig = await createCoreRig();
  const user: IdentityRig['user'] = (acting, env = {}) => {
    const home = scratch();
    return { ...rig.as(acting, { DREAMOS_CONFIG_HOME: home, ...env }), home };
  };
  return { ...rig, user };
}

/** Writes the card as anybody can who may write the root. */
export async function setKeys(
  session: Session,
  agent: string,
  change: (keys: CardKey[]) => CardKey[] | undefined,
): Promise<void> {
  await changeKnownCard(session, agent, ({ keys = [], ...card }) => {
    const changed = change(structuredClone(keys));
    return { ...card, ...(changed && { keys: changed }) };
  });
}

export function trustFile(home: string, root: string | undefined): string {
  return join(home, 'trust', `${root}.json`);
}

export function privateFile(home: string, root: string | undefined, agent: string): string {
  return join(home, 'identities', `${root}`, `${agent}.json`);
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}
