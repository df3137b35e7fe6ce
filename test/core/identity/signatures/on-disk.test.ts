/** Signed mail as files: put by hand into the mailbox, into another root, into drop/, into a pack, into a backup. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setSetting } from './settings.ts';
import { changeCard } from '../../../../src/core/agents/agents.ts';
import { createIdentity } from '../../../../src/core/identity/identity.ts';
import { listDead, showDead } from '../../../../src/core/keep/dlq.ts';
import { backup } from '../../../../src/core/keep/backup.ts';
import { packArchive } from '../../../../src/core/keep/maintain.ts';
import { list } from '../../../../src/core/look/list.ts';
import { show } from '../../../../src/core/look/show.ts';
import { checkHandedOut } from '../../../../src/core/identity/signatures/look.ts';
import { listArchive } from '../../../../src/core/keep/archive.ts';
import { initRoot, openRoot, restoreRoot } from '../../../../src/core/open-root.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { send } from '../../../../src/core/send/send.ts';
import { readNext } from '../../../../src/core/take/read.ts';
import { ack, nack } from '../../../../src/core/take/settle.ts';
import { systemClock } from '../../../../src/model/clock.ts';
import { unseal } from '../../../../src/model/message.ts';
import { scratch } from '../../../scratch.ts';
import { gather, must } from '../../rig.ts';
import { deadReasonOf } from './dead.ts';
import { bytesBefore, withDigest } from './rig.ts';

let home: string;
let opened: Session[];
let own: Session;
const warnings: string[] = [];

async function made(agents = ['planner', 'reviewer']): Promise<Session> {
  const folder = scratch();
  const env = { DREAMOS_CONFIG_HOME: home };
  const warn = (message: string): void => void warnings.push(message);
  const { root } = await initRoot({ root: folder, cwd: folder, env, as: 'planner', agents, warn });
  opened.push(root);
  for (const name of agents) await createIdentity(root, name);
  await setSetting(root, 'require');
  return root;
}

beforeEach(async () => {
  warnings.length = 0;
  opened = [];
  home = scratch();
  own = await made();
});
afterEach(async () => {
  for (const root of opened) await root.close();
});

const box = (root: Session, mailbox = 'reviewer'): string => join(root.path, 'agent_mailboxes', mailbox);

/** The only file below a folder of a mailbox. */
function fileIn(root: Session, state: string): string {
  const below = join(box(root), state);
  const files = readdirSync(below, { recursive: true, encoding: 'utf8' })
    .map((name) => join(below, name))
    .filter((path) => statSync(path).isFile());
  expect(files).toHaveLength(1);
  return must(files[0]);
}

const sent = async (body = 'hello'): Promise<string> => (await send(own, { to: 'reviewer', body })).id;
const read = (root = own) => readNext(root, 'reviewer');

test(
  'of a message on the disk no byte can be another one, whoever puts its digest right',
  { timeout: 30_000 },
  async () => {
    const id = await sent('x');
    const path = fileIn(own, 'ready');
    const good = readFileSync(path);
    const before = bytesBefore(good);
    // Each bit of each byte: verify.test.ts. Here what becomes of the file.
    for (let at = 0; at < before.length; at += 7) {
      const flipped = Buffer.from(before);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      writeFileSync(path, withDigest(flipped));
      const delivery = await read();
      expect(delivery === undefined ? undefined : [at, delivery]).toBeUndefined();
      // It lies in dlq/ or in corrupt/ by then.
      expect(existsSync(path)).toBe(false);
    }
    writeFileSync(path, good);
    expect(await read()).toMatchObject({ message: { id }, signature: 'verified' });
  },
);

test('a file that is copied into another root of the same agents is not delivered there', async () => {
  const other = await made();
  const id = await sent();
  const there = await send(other, { to: 'reviewer', body: 'mine' });
  const path = fileIn(own, 'ready');
  copyFileSync(path, join(fileIn(other, 'ready'), '..', basename(path)));
  expect(await read(other)).toMatchObject({ message: { id: there.id }, signature: 'verified' });
  expect(await read(other)).toBeUndefined();
  expect(await deadReasonOf(other, 'reviewer')).toEqual({
    [id]: expect.stringMatching(/^SIGNATURE_INVALID: it was signed for another root$/) as string,
  });
  expect(await read()).toMatchObject({ message: { id }, signature: 'verified' });
});

test('what a script puts into drop/ is dead where signatures are required, and what was signed here is not', async () => {
  const drop = join(box(own), 'drop');
  writeFileSync(join(drop, 'a.json'), JSON.stringify({ from: 'planner', body: 'from a script' }));
  expect(await read()).toBeUndefined();
  expect(Object.values(await deadReasonOf(own, 'reviewer'))).toEqual(['SIGNATURE_MISSING: it is not signed']);
  const id = await sent();
  const path = fileIn(own, 'ready');
  const bytes = readFileSync(path);
  unlinkSync(path);
  writeFileSync(join(drop, 'b.json'), bytes);
  expect(await gather(list(own, 'reviewer'))).toMatchObject([{ id, signature: 'verified' }]);
  expect(await read()).toMatchObject({ message: { id }, signature: 'verified' });
  const text = bytes
    .toString()
    .replace('hello', 'hullo')
    .replace(id, `${id.slice(0, -1)}Z`);
  writeFileSync(join(drop, 'c.json'), text);
  expect(await gather(list(own, 'reviewer', { states: ['ready'] }))).toMatchObject([{ signature: 'invalid' }]);
  expect(await read()).toBeUndefined();
  expect(Object.values(await deadReasonOf(own, 'reviewer'))).toContain(
    'SIGNATURE_INVALID: it does not end in a signature of dreamos',
  );
});

test('a signed message keeps every byte in a pack and in a backup', async () => {
  const day = 24 * 3_600_000;
  const past = { ...systemClock, now: () => systemClock.now() - 2 * day };
  const env = { DREAMOS_CONFIG_HOME: home };
  const before = await openRoot({ root: own.path, cwd: own.path, env, as: 'planner', clock: past });
  opened.push(before);
  await send(before, { to: 'reviewer', body: 'old' });
  await ack(before, must(await readNext(before, 'reviewer')).receipt);
  const bytes = readFileSync(fileIn(own, 'archive'));
  expect(await gather(packArchive(own, 'reviewer', { beforeDay: '9999-12-31' }))).toHaveLength(1);
  expect(await gather(listArchive(own, 'reviewer'))).toMatchObject([
    { signature: 'verified', message: { digest: unseal(bytes).digest } },
  ]);
  await sent();
  const file = join(scratch(), 'a.tar.gz');
  await backup(own, file);
  const folder = scratch();
  const restored = must(await restoreRoot(file, { root: folder, cwd: folder, env, as: 'planner' }));
  opened.push(restored.root);
  expect(await gather(listArchive(restored.root, 'reviewer'))).toMatchObject([{ signature: 'verified' }]);
  expect(await read(restored.root)).toMatchObject({ signature: 'verified', message: { body: 'hello' } });
});

test('while nobody knows what config.json said, a look goes by it as if signatures were required', async () => {
  await setSetting(own, 'off');
  const id = await sent();
  const { path: root } = own;
  writeFileSync(join(root, 'config.json'), '{"signatures":"requi');
  rmSync(join(root, 'config'), { recursive: true, force: true });
  const begin = async (): Promise<Session> => {
    const session = await openRoot({ root, cwd: root, env: { DREAMOS_CONFIG_HOME: home }, as: 'reviewer' });
    opened.push(session);
    return session;
  };
  const next = await begin();
  const shown = await show(next, id);
  expect(shown).toMatchObject({ signature: 'unsigned' });
  await expect(checkHandedOut(next, shown.message, shown)).rejects.toMatchObject({ code: 'SIGNATURE_MISSING' });
  // Where nobody has ever had a key, nothing can be signed.
  unlinkSync(join(root, 'identity.json'));
  expect(await show(await begin(), id)).not.toHaveProperty('signature');
});

test('a notice of a death is signed by the mailbox in which it died', async () => {
  await send(own, { to: 'reviewer', body: 'hello', notify: true });
  await nack(own, must(await read()).receipt, { dead: true, reason: 'no' });
  expect(await readNext(own, 'planner')).toMatchObject({
    signature: 'verified',
    message: { type: 'notice', from: 'reviewer' },
  });
});

test('of a queue, which can have no key, none is sent: that is noted, and nobody tries again', async () => {
  const queue = { name: 'jobs', createdAt: new Date().toISOString(), kind: 'queue' as const };
  await changeCard(own, 'jobs', () => queue);
  const { id } = await send(own, { to: 'jobs', body: 'hello', notify: true });
  await nack(own, must(await readNext(own, 'jobs')).receipt, { dead: true });
  const why = 'signatures are required, and a queue has no key to sign it with';
  expect(warnings.splice(0).join()).toMatch(new RegExp(`gets no notice: ${why}\\.$`));
  expect(await showDead(own, 'jobs', id)).toMatchObject({ notice: why });
  const next = await openRoot({ root: own.path, cwd: own.path, env: own.env, warn: (one) => void warnings.push(one) });
  opened.push(next);
  expect(await gather(listDead(next, 'jobs'))).toHaveLength(1);
  expect(warnings).toEqual([]);
  expect(await readNext(own, 'planner')).toBeUndefined();
});

test('a notice waits for who can sign it', async () => {
  await send(own, { to: 'reviewer', body: 'hello', notify: true });
  const { path: cwd } = own;
  const poor = await openRoot({
    root: cwd,
    cwd,
    env: { DREAMOS_CONFIG_HOME: scratch() },
    as: 'reviewer',
    warn: (message) => void warnings.push(message),
  });
  opened.push(poor);
  await nack(poor, must(await read(poor)).receipt, { dead: true });
  expect(warnings.join()).toMatch(/its sender is not told yet: There is no private key of reviewer here/);
  expect(await readNext(own, 'planner')).toBeUndefined();
  await gather(listDead(own, 'reviewer'));
  expect(await readNext(own, 'planner')).toMatchObject({ signature: 'verified', message: { type: 'notice' } });
});
