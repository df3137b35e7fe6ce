import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createIdentity, revokeIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf, signerOf } from '../../../src/core/identity/keys.ts';
import { acceptTrust, listTrust } from '../../../src/core/identity/trust.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { Setting } from './setting.ts';
import type { Scenario, Story, Told } from './story.ts';

/** As the user whose files lie beside the root; another one's lie elsewhere. */
function userOf(session: Session, folder = 'user'): Session {
  return { ...session, env: { DREAMOS_CONFIG_HOME: join(dirname(session.path), folder) } };
}

/** Another user, who has seen the agent's key before. */
const other = (session: Session): Session => userOf(session, 'other');

async function known(setting: Setting): Promise<string> {
  const { key = '' } = await createIdentity(userOf(setting.root), 'b');
  await keyOf(other(setting.root), 'b', key);
  return key;
}

/** What agents' keys are made, changed and trusted by: halves in two places, and notes in a third. */
export const identityScenarios: readonly Scenario[] = [
  {
    name: 'identity create, the first',
    prepare: async () => ({
      argv: ['identity', 'create', 'b'],
      fates: [],
      ...telling(async (session, [told]) => {
        const { key, keys, created } = await createIdentity(session, 'b');
        if (keys.length !== 1) return `it has ${keys.length} keys`;
        if (told && (told['key'] !== key || created)) return `it said ${String(told['key'])}, and it is ${key}`;
        return signs(session, key);
      }),
    }),
  },
  {
    name: 'identity rotate',
    always: true,
    prepare: async (setting) => {
      const first = await known(setting);
      return {
        argv: ['identity', 'rotate', 'b'],
        fates: [],
        ...telling(async (session, [told]) => {
          const now = await showIdentity(session, 'b');
          const [key, older] = now.keys;
          const wasDone = older?.id === first;
          if (!wasDone && key?.id !== first) return `the first key is gone: ${JSON.stringify(now.keys)}`;
          if (told && told['key'] !== now.key) return `it said ${String(told['key'])}, and it is ${now.key}`;
          const wrong = (await signs(session, now.key)) ?? (await isFollowed(session, now.key, first));
          if (wrong !== undefined) return wrong;
          const next = await rotateIdentity(session, 'b');
          if (next.keys.length !== (wasDone ? 3 : 2)) return `the next one makes ${next.keys.length} keys`;
          return (await signs(session, next.key)) ?? isFollowed(session, next.key, first);
        }),
      };
    },
  },
  {
    name: 'identity revoke',
    prepare: async (setting) => {
      const first = await known(setting);
      return {
        argv: ['identity', 'revoke', 'b'],
        fates: [],
        ...telling(async (session, [told]) => {
          const { state } = await keyOf(other(session), 'b', first);
          if (told && state !== 'revoked') return `it was said to be revoked, and it is ${state}`;
          if (state === 'good' && !(await signerOf(session, 'b'))) return 'it is good, and does not sign';
          const { keys } = await revokeIdentity(session, 'b', { key: first });
          if (keys[0]?.revokedAt === undefined) return 'it is not revoked by the next one';
          if (await signerOf(session, 'b')) return 'a revoked key signs';
          return signs(session, (await createIdentity(session, 'b')).key);
        }),
      };
    },
  },
  {
    name: 'trust accept',
    prepare: async (setting) => {
      const was = await known(setting);
      const session = userOf(setting.root);
      await acceptTrust(session, 'b');
      // Made anew by somebody else.
      await revokeIdentity(userOf(setting.root, 'third'), 'b');
      const { key } = await createIdentity(userOf(setting.root, 'third'), 'b');
      return {
        argv: ['trust', 'accept', 'b'],
        fates: [],
        ...telling(async (user, [told]) => {
          const [now] = await listTrust(user);
          const isOld = now?.pinned === was && now.state === 'changed';
          const isNew = now?.pinned === key && now?.state === 'good';
          if (!isNew && (told || !isOld)) return `it is neither the one nor the other: ${JSON.stringify(now)}`;
          await acceptTrust(user, 'b');
          return (await listTrust(user))[0]?.pinned === key ? undefined : 'the next one does not accept it';
        }),
      };
    },
  },
];

/** What holds afterwards, for its user; and that nothing else is left in his folder. */
function telling(
  look: (user: Session, told: readonly Told[]) => Promise<string | undefined>,
): Pick<Story, 'first' | 'repeat'> {
  return {
    first: async (path) => {
      // As after the ten seconds for which a dead process's lock delays the others.
      const earlier = Date.now() / 1000 - 60;
      for (const lock of filesIn(join(dirname(path), 'user'), /\.lock$/)) utimesSync(lock, earlier, earlier);
    },
    repeat: async (root, told) => {
      const user = userOf(root);
      const wrong = await look(user, told);
      if (wrong !== undefined) return wrong;
      const left = filesIn(join(dirname(root.path), 'user'), /\.(?!json$)[^./]*$/);
      if (left.length > 0) return `${left.join(', ')} is left behind`;
      for (const path of filesIn(dirname(root.path), /\.json$/))
        if (!path.includes('/identities/') && readFileSync(path, 'utf8').includes('PRIVATE KEY'))
          return `a private key lies in ${path}`;
      return undefined;
    },
  };
}

function filesIn(folder: string, named: RegExp): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return names.filter((name) => named.test(name)).map((name) => join(folder, name));
}

async function signs(user: Session, key: string | undefined): Promise<string | undefined> {
  const signer = await signerOf(user, 'b');
  return signer && signer.key === key ? undefined : `it signs with ${signer?.key}, and its key is ${key}`;
}

/** By who knew the first key. */
async function isFollowed(session: Session, key = '', first = ''): Promise<string | undefined> {
  for (const one of [first, key]) {
    const { state } = await keyOf(other(session), 'b', one);
    if (state !== 'good') return `for who knew ${first}, ${one} is ${state}`;
  }
  return undefined;
}
