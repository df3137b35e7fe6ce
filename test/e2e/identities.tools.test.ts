/** Two users of one machine, of whom each knows the other by a key, and a third who is nobody's friend. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Identity } from '../../src/contract/security/identity.ts';
import { missing, notRoot, said, skips } from '../lack.ts';
import { expectRefusal, type Ended, type Rig, test } from './rig.ts';

const [ann, bob, eve] = [64_001, 64_002, 64_003];

/** A user with a home of his own. */
function userOf(rig: Rig, name: string, uid: number) {
  const home = join(rig.dir, name);
  mkdirSync(home);
  chownSync(home, uid, uid);
  chmodSync(rig.dir, 0o755);
  const run = (words: string, env: Record<string, string> = {}): Promise<Ended> =>
    rig.dreamos(`${words} --json`, { uid, cwd: home, env: { HOME: home, ...env } });
  const shown = async (): Promise<Identity> => (await run('identity show planner')).json[0] as unknown as Identity;
  return { home, root: join(home, 'runtime', 'agent_comms'), run, shown };
}

/** The root as it is, for another user: as a copy that was handed over. */
function handOver(from: string, to: string, uid: number): void {
  cpSync(from, to, { recursive: true });
  for (const name of ['', ...readdirSync(to, { recursive: true, encoding: 'utf8' })])
    chownSync(join(to, name), uid, uid);
}

const cardOf = (root: string): string => join(root, 'agent_mailboxes', 'planner', 'agent.json');

const noStrace = await missing('strace');
const noOpenssl = await missing('openssl');

/** By what `dreamos help format` says, without a line of dreamos. */
const verifyRotation = `
card=runtime/agent_comms/agent_mailboxes/planner/agent.json
of() { node -e "console.log(JSON.parse(require('fs').readFileSync('$card')).keys[$1].$2 ?? '')"; }
pem() { { echo MCowBQYDK2VwAyEA | base64 -d; of $1 public | base64 -d; } | openssl pkey -pubin -inform DER -out $1.pem; }
pem 0; pem 1
[ "$(of 1 public | base64 -d | openssl dgst -sha256 -binary | basenc --base64url | cut -c1-16)" = "$(of 1 id)" ]
{ echo dreamos-rotation-v1; node -p 'require("./runtime/agent_comms/identity.json").id'
  for field in by id public since seal; do of 0 $field; done; } > text
of 0 proof | base64 -d > proof; of 0 accepts | base64 -d > accepts
openssl pkeyutl -verify -pubin -inkey 1.pem -rawin -in text -sigfile proof
openssl pkeyutl -verify -pubin -inkey 0.pem -rawin -in text -sigfile accepts
`;

describe.concurrent('keys, by openssl', () => {
  test.skipIf(skips(noOpenssl))(
    said('a rotation is signed by both keys over the lines that help format shows', noOpenssl),
    async ({ rig }) => {
      await rig.dreamos('identity create planner');
      await rig.dreamos('identity rotate planner');
      const verified = await rig.shell(`set -e\n${verifyRotation}`);
      expect({ code: verified.code, out: verified.out }, verified.err).toEqual({
        code: 0,
        out: 'Signature Verified Successfully\nSignature Verified Successfully\n',
      });
      const changed = await rig.shell(
        `set -e\n${verifyRotation.replace('dreamos-rotation-v1', 'dreamos-rotation-v2')}`,
      );
      expect(changed.code).not.toBe(0);
      // As openssl writes it.
      const { pem } = (await rig.dreamos('identity show planner --json')).json[0] as unknown as Identity;
      expect(readFileSync(join(rig.dir, '0.pem'), 'utf8')).toBe(pem);
    },
  );
});

describe.concurrent('keys and a power cut', () => {
  // Of a simulated disk no user's own file is a part: so the calls are looked at.
  test.skipIf(skips(noStrace))(
    said('what is confirmed is synced, in the order in which it may be cut off', noStrace),
    async ({ rig }) => {
      await rig.dreamos('identity create planner');
      const traced = await rig.shell(
        'strace -f -y -s 0 -e signal=none -e trace=fsync,fdatasync,rename,renameat2,write -o calls dreamos identity rotate planner',
      );
      expect(traced).toMatchObject({ code: 0 });
      const calls = readFileSync(join(rig.dir, 'calls'), 'utf8').split('\n');
      const at = (what: RegExp, from = 0): number => {
        const found = calls.findIndex((call, i) => i >= from && what.test(call));
        expect(found, String(what)).toBeGreaterThanOrEqual(from);
        return found;
      };
      const replaced = (name: string, from: number): number => {
        const renamed = at(new RegExp(`rename.*"[^"]*/${name}"\\) *= 0`), from);
        const folder = /"([^"]*)\/[^/"]*"\) *= 0/.exec(calls[renamed] ?? '')?.[1] ?? '';
        const fresh = /rename\w*\("([^"]*)"/.exec(calls[renamed] ?? '')?.[1] ?? '';
        const synced = calls.findIndex((call) => call.includes('fsync(') && call.includes(`<${fresh}`));
        expect([synced >= 0, synced < renamed], `${fresh} is synced before it is renamed`).toEqual([true, true]);
        return at(new RegExp(`fsync\\(\\d+<${folder}>\\) *= 0`), renamed);
      };
      // The private half, the card, the pin, the file without the older private half; then it says so.
      const first = replaced('planner\\.json', 0);
      const card = replaced('agent\\.json', first);
      const pin = replaced('[0-9A-Z]{26}\\.json', card);
      const last = replaced('planner\\.json', pin);
      at(/write\(1</, last);
    },
  );
});

describe.concurrent('keys of several users', () => {
  test.skipIf(skips(notRoot))(
    said('a private key is used by its owner alone, whoever names it', notRoot),
    async ({ bare: rig }) => {
      const [owner, friend, stranger] = [userOf(rig, 'ann', ann), userOf(rig, 'bob', bob), userOf(rig, 'eve', eve)];
      expect(await owner.run('init planner reviewer')).toMatchObject({ code: 0 });
      const made = await owner.run('identity create planner');
      expect(made).toMatchObject({ code: 0, err: '' });
      const path = (await owner.shown()).private ?? '';
      expect(path.startsWith(join(owner.home, '.config', 'dreamos', 'identities'))).toBe(true);
      expect([statSync(path).mode & 0o777, statSync(path).uid]).toEqual([0o600, ann]);

      for (const [user, uid] of [
        [friend, bob],
        [stranger, eve],
      ] as const) {
        mkdirSync(join(user.home, 'runtime'));
        handOver(owner.root, user.root, uid);
        chownSync(join(user.home, 'runtime'), uid, uid);
        // The folder is closed to him.
        const closed = await user.run('identity rotate planner', { DREAMOS_IDENTITY: path });
        expectRefusal(closed, { exit: 9, code: 'UNAUTHENTICATED', names: path, next: 'ls -l' });
        const without = await user.run('identity rotate planner');
        expectRefusal(without, { exit: 9, code: 'UNAUTHENTICATED', names: 'planner', next: 'DREAMOS_IDENTITY' });
        const anew = await user.run('identity create planner');
        expectRefusal(anew, {
          exit: 5,
          code: 'ALREADY_EXISTS',
          names: 'planner',
          next: 'dreamos identity revoke planner',
        });
      }

      // Opened by mistake, it is used by nobody.
      for (let at = path; at !== owner.home; at = join(at, '..')) chmodSync(at, at === path ? 0o644 : 0o755);
      for (const user of [owner, friend, stranger]) {
        const open = await user.run('identity rotate planner', { DREAMOS_IDENTITY: path });
        expectRefusal(open, { exit: 9, code: 'UNAUTHENTICATED', names: path, next: `chmod 600 ${path}` });
      }
      chmodSync(path, 0o600);
      expect(await owner.run('identity rotate planner')).toMatchObject({ code: 0, err: '' });
    },
  );

  test.skipIf(skips(notRoot))(
    said("a friend follows the owner's rotations, and a stranger's key is told to both", notRoot),
    async ({ bare: rig }) => {
      const [owner, friend, stranger] = [userOf(rig, 'ann', ann), userOf(rig, 'bob', bob), userOf(rig, 'eve', eve)];
      await owner.run('init planner reviewer');
      const { key: first } = (await owner.run('identity create planner')).json[0] as unknown as Identity;
      mkdirSync(join(friend.home, 'runtime'));
      handOver(owner.root, friend.root, bob);
      const newest = (): void => copyFileSync(cardOf(owner.root), cardOf(friend.root));
      const trusted = async () => (await friend.run('trust list')).json[0];
      expect(await trusted()).toMatchObject({ state: 'new', key: first });
      expect(await friend.run(`trust accept planner --key ${first}`)).toMatchObject({ code: 0 });
      expect(readdirSync(join(friend.home, '.config', 'dreamos', 'trust'))).toHaveLength(1);

      await owner.run('identity rotate planner');
      await owner.run('identity rotate planner');
      newest();
      const { key: third } = await owner.shown();
      expect(await trusted()).toMatchObject({ state: 'good', key: third, pinned: first });

      // A third user has a root of his own, and can write no card of theirs.
      expect(await stranger.run(`status --root ${owner.root}`)).toMatchObject({ code: 7, out: '' });
      await stranger.run('init planner');
      const theirs = (await stranger.run('identity create planner')).json[0] as unknown as Identity;
      expect(theirs.root).not.toBe((await owner.shown()).root);
      // Somebody puts it there all the same, as who owns the disk can.
      for (const root of [owner.root, friend.root]) {
        const card = JSON.parse(readFileSync(cardOf(root), 'utf8')) as { keys: unknown[] };
        const { keys } = JSON.parse(readFileSync(cardOf(stranger.root), 'utf8')) as { keys: unknown[] };
        writeFileSync(cardOf(root), JSON.stringify({ ...card, keys: [...keys, ...card.keys] }));
      }
      expect(await trusted()).toMatchObject({ state: 'changed', key: theirs.key, pinned: first });
      expect(await owner.shown()).toMatchObject({ state: 'changed' });
      const refused = await friend.run(`trust accept planner --key ${third}`);
      expectRefusal(refused, { exit: 9, code: 'KEY_CHANGED', names: theirs.key ?? '', next: 'dreamos identity show' });
      expect(await trusted()).toMatchObject({ state: 'changed', pinned: first });
    },
  );
});
