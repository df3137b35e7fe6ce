import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { DreamosError } from '../../../src/model/errors.ts';
import { leaseMs, policy } from '../../storage/dump/story.ts';
import { newToken } from '../../storage/contract/ways.ts';
import { findFileRoot } from '../../../src/storage/file/find-root.ts';
import { moveBetween, moveRoot } from '../../../src/core/move/move.ts';
import { fileMoveSource } from '../../../src/storage/file/move/source.ts';
import { fileMoveTarget } from '../../../src/storage/file/move/target.ts';
import { createIds } from '../../../src/model/id.ts';
import { guarded } from '../../../src/storage/file/guard.ts';
import { contextOf } from '../../../src/storage/file/open.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
import { watchedDisk } from '../../storage/file/disks.ts';
import { codeOf } from '../../storage/contract/rig.ts';
import { scene, tellLittle } from './scene.ts';

test('a root is moved whole, and is found where it was', async (context) => {
  const one = await scene(context);
  const before = await one.view();
  expect(await one.move()).toMatchObject({ state: 'moved', from: one.root, to: `file:${one.to}`, mailboxes: 4 });
  expect(await one.view()).toEqual(before);
  expect(readdirSync(one.root).sort()).toEqual(['.gitignore', 'format.json']);
  const [receipt = ''] = one.actor.receipts;
  expect(await (await one.open()).mail.ack(receipt, {})).toMatchObject({ state: 'archived' });
});

test('it is moved on from there, and back', async (context) => {
  const one = await scene(context);
  const before = await one.view();
  const passed: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    expect(await one.move(undefined, { to: join(one.dir, name) })).toMatchObject({ state: 'moved', mailboxes: 4 });
    expect(await one.view(), name).toEqual(before);
    // Every place that it was in leads right there.
    const last = JSON.stringify({
      format: 'dreamos',
      version: 2,
      engine: 'files',
      address: `file:${join(one.dir, name)}`,
      ...(passed.length > 0 && { passed }),
    });
    expect(readFileSync(join(one.root, 'format.json'), 'utf8').trim()).toBe(last);
    passed.unshift(join(one.dir, name));
  }
});

test('what several moves have left is purged from wherever the root is found, and only that', async (context) => {
  for (const from of ['root', 'first']) {
    const [one, other] = [await scene(context, tellLittle), await scene(context, tellLittle)];
    const [first, second] = [join(one.dir, 'first'), join(one.dir, 'second')];
    const before = await one.view();
    await one.move(undefined, { to: first });
    expect((await one.move(undefined, { to: second }))?.left).toHaveLength(2);
    const at = { cwd: one.dir, root: from === 'root' ? one.root : first, env: {} };
    expect(await (await fileMoveSource({ ...at, disk: watchedDisk() })).left()).toHaveLength(2);
    expect((await moveRoot({ ...at, how: 'purge' }))?.left, from).toHaveLength(2);
    expect(readdirSync(one.dir).sort()).toEqual(['first', 'project', 'second']);
    expect(await one.view()).toEqual(before);
    // What a move of somebody else's root, which is there by now, has left is not this one's.
    rmSync(first, { recursive: true });
    await other.move(undefined, { to: first });
    await moveRoot({ cwd: one.dir, root: first, env: {}, to: `file:${join(other.dir, 'on')}` });
    expect(readdirSync(one.dir).filter((name) => name.startsWith('first.moved-'))).toHaveLength(1);
    expect((await one.move('purge'))?.left).toEqual([]);
    expect(readdirSync(one.dir).filter((name) => name.startsWith('first.moved-'))).toHaveLength(1);
  }
});

test('who would move it back is told why not, and how', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  await one.move();
  const refused = one.move(undefined, { to: one.root });
  await expect(refused).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(`${one.root} is where the root is looked for`) as string,
    hint: expect.stringContaining(`; dreamos move --root ${one.to} --to file:${one.root}`) as string,
  });
  await one.move('purge');
  renameSync(one.root, `${one.root}.old`);
  const at = { cwd: one.dir, root: one.to, env: {} };
  expect(await moveRoot({ ...at, to: `file:${one.root}` })).toMatchObject({ state: 'moved' });
  expect(await one.view()).toEqual(before);
  expect(readdirSync(one.root)).toContain('agent_mailboxes');
});

test('what was left is there until it is purged', async (context) => {
  const one = await scene(context, tellLittle);
  const moved = await one.move();
  expect(moved?.left).toHaveLength(1);
  expect(moved?.left.every((path) => existsSync(join(path, 'agent_mailboxes')))).toBe(true);
  expect(await one.move('purge')).toMatchObject({ state: 'purged', left: moved?.left });
  expect(readdirSync(dirname(one.root))).toEqual(['agent_comms']);
  expect(await codeOf(one.open())).toBe('done');
});

test('a process that has it open is told so whatever it does, and changes nothing', async (context) => {
  const one = await scene(context);
  const { actor } = one;
  const { store } = actor;
  const [receipt = ''] = actor.receipts;
  const entries = [];
  for await (const entry of store.look.list('bob', 'ready')) entries.push(entry);
  await one.move();
  const after = await one.view();
  const message = actor.message();
  const send = async (more: object, mailboxes = ['bob']): Promise<unknown> => {
    const [result] = await store.mail.send([{ message: { ...message, ...more }, mailboxes }], { durability: 'full' });
    if (result instanceof DreamosError) throw result;
    return result;
  };
  const claim = { token: newToken(), leaseMs, policy };
  const [entry] = entries;
  if (!entry) throw new Error('nothing is ready');
  const works: Record<string, () => Promise<unknown>> = {
    send: () => send({}),
    sendToTwo: () => send({ to: ['bob', 'Cy'] }, ['bob', 'Cy']),
    sendUnderKey: () => send({ dedupeKey: 'new' }),
    publish: () => send({ topic: 'news.new' }, ['#news.new']),
    claim: () => store.mail.claim('bob', claim),
    claimMany: () => store.mail.claimMany('bob', { tokens: [newToken(), newToken()], leaseMs, policy }),
    claimOfAnother: () => store.mail.claim('ann', claim),
    ack: () => store.mail.ack(receipt, {}),
    ackMany: async () => {
      const [answer] = await store.mail.ackMany([receipt], {});
      if (answer instanceof DreamosError) throw answer;
    },
    nack: () => store.mail.nack(receipt, { policy }),
    renew: () => store.mail.renew(receipt, { leaseMs }),
    checkClaim: () => store.mail.checkClaim(receipt),
    cancel: () => store.mail.cancel(entry, {}),
    handOver: () => store.mail.handOver(entry, 'ann', {}),
    openInbox: () => store.mail.openInbox('bob', message.id, 1),
    deposit: () => store.mail.deposit('bob', message, 'ready', { at: 0 }),
    getAgent: () => store.documents.getAgent('bob'),
    listAgents: () => store.documents.listAgents(),
    put: () => store.documents.put('reservations', {}, undefined),
    putCard: () => store.documents.put('agents/new', { name: 'new' }, undefined),
    putTask: () => store.documents.put(`tasks/${message.id}`, {}, undefined),
    rename: () => store.documents.rename('bob', 'rob'),
    find: () => store.look.find(entry.id),
    read: () => store.look.read(entry),
    counts: () => store.look.counts('bob'),
    readEvents: async () => store.journal.readEvents(['bob'], await store.journal.cursor(['bob'], 'start')),
    audit: () => store.audit.append('2026-11-20', '{}\n'),
    isThere: () => store.isThere?.() ?? Promise.resolve(),
  };
  for (const [name, work] of Object.entries(works))
    expect(`${name}: ${await codeOf(work())}`).toBe(`${name}: ROOT_MOVED`);
  expect(await one.view()).toEqual(after);
  const left = readdirSync(one.root).filter(
    (name) => !['.gitignore', 'format.json', 'reservations.json', 'boot.json'].includes(name),
  );
  expect(left).toEqual([]);
});

test('what may have been sent before is not said to be sent again', async (context) => {
  const one = await scene(context, tellLittle);
  await one.move();
  const { actor } = one;
  const uncertain = new DreamosError('disk', 'SEND_UNCERTAIN', 'perhaps', { hint: 'none' });
  const other = new DreamosError('disk', 'DISK_FAILED', 'not', { hint: 'none' });
  const deps = { clock: actor.clock, ids: createIds(), warn: () => undefined };
  const codes = async (send: Store['mail']['send']): Promise<string[]> => {
    const { mail } = guarded(contextOf(watchedDisk(), one.root, deps), {
      ...actor.store,
      mail: { ...actor.store.mail, send },
    });
    const results = await mail.send([], { durability: 'full' });
    return results.map((result) => (result instanceof DreamosError ? result.code : 'sent'));
  };
  expect(await codes(async () => [uncertain, other])).toEqual(['SEND_UNCERTAIN', 'ROOT_MOVED']);
  expect(await codes(async () => [uncertain])).toEqual(['SEND_UNCERTAIN']);
  expect(await codeOf(codes(async () => Promise.reject(uncertain)))).toBe('SEND_UNCERTAIN');
  expect(await codeOf(codes(async () => [other]))).toBe('ROOT_MOVED');
});

test('of acks in one step what was done before is done, and the rest says where the root is', async (context) => {
  const one = await scene(context, tellLittle);
  await one.move();
  const { actor } = one;
  const done = { id: actor.message().id, mailbox: 'bob', state: 'archived', receipt: 'bob:x' } as const;
  const lost = new DreamosError('conflict', 'LEASE_LOST', 'not', { hint: 'none' });
  const deps = { clock: actor.clock, ids: createIds(), warn: () => undefined };
  const ackMany: Store['mail']['ackMany'] = async () => [done, lost];
  const { mail } = guarded(contextOf(watchedDisk(), one.root, deps), {
    ...actor.store,
    mail: { ...actor.store.mail, ackMany },
  });
  expect(await mail.ackMany(['bob:x', 'bob:y'], {})).toMatchObject([done, { code: 'ROOT_MOVED' }]);
});

test('a dry run says what would be moved, and moves nothing', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  expect(await one.move('dry-run')).toMatchObject({ state: 'planned', messages: 4, mailboxes: 3 });
  expect(await one.view()).toEqual(before);
  expect(readdirSync(dirname(one.root))).toEqual(['agent_comms']);
  expect(existsSync(one.to)).toBe(false);
});

test('where a root with mail is, none is moved to', async (context) => {
  const [one, other] = [await scene(context, tellLittle), await scene(context, tellLittle)];
  const before = [await one.view(), await other.view()];
  await other.move();
  await expect(one.move(undefined, { to: other.to })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    message: expect.stringContaining('and a move never mixes it') as string,
    hint: expect.stringContaining('Name a new folder: dreamos move --to file:<dir>') as string,
  });
  expect([await one.view(), await other.view()]).toEqual(before);
  for (const place of [one.root, dirname(one.root), join(one.root, 'below')])
    expect(await codeOf(one.move(undefined, { to: place }))).toBe('USAGE');
});

test('without a move there is nothing to resume or to abort', async (context) => {
  const one = await scene(context, tellLittle);
  expect(await one.move('resume')).toMatchObject({ state: 'none' });
  expect(await one.move('abort')).toMatchObject({ state: 'none' });
  expect(await codeOf(one.open())).toBe('done');
});

test('where the folder cannot take its place, the mail is known and comes back', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  // A script hands in mail where the root was just before.
  const disk = watchedDisk(({ method, to }) => {
    if (method === 'moveFolder' && to === one.root)
      mkdirSync(join(one.root, 'agent_mailboxes', 'bob', 'drop'), { recursive: true });
  });
  expect(await codeOf(one.move(undefined, { disk }))).toBe('STATE_CHANGED');
  const at = { cwd: dirname(dirname(one.root)), env: {} };
  expect(await codeOf(one.open())).toBe('ROOT_MOVED');
  expect(await codeOf(initFileStore(at))).toBe('ALREADY_EXISTS');
  expect(await codeOf(one.move('purge'))).toBe('ROOT_MOVED');
  expect(await codeOf(one.move('abort'))).toBe('STATE_CHANGED');
  renameSync(one.root, join(one.dir, 'found'));
  expect(await one.move('abort')).toMatchObject({ state: 'aborted' });
  expect(await one.view()).toEqual(before);
});

test('a failure between the two renames is given back', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  let failures = 1;
  const disk = watchedDisk(({ method, to }) => {
    if (method === 'moveFolder' && to === one.root && failures-- > 0)
      throw new DreamosError('disk', 'DISK_FAILED', 'EIO', { hint: 'none' });
  });
  expect(await codeOf(one.move(undefined, { disk }))).toBe('DISK_FAILED');
  expect(await one.view()).toEqual(before);
  expect(readdirSync(dirname(one.root))).toEqual(['agent_comms']);
});

test('mail that moves have put aside is not purged, nor a root made beside it, where nothing says where it is', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  const aside = `${one.root}.moved-ABCDEFGHJK`;
  renameSync(one.root, aside);
  const at = { cwd: dirname(dirname(one.root)), env: {} };
  expect(await codeOf(initFileStore(at))).toBe('ALREADY_EXISTS');
  // Another dreamos may have made one.
  mkdirSync(one.root);
  writeFileSync(join(one.root, 'format.json'), JSON.stringify({ format: 'dreamos', version: 1 }));
  expect(await codeOf(one.move('purge'))).toBe('STATE_CHANGED');
  rmSync(one.root, { recursive: true });
  renameSync(aside, one.root);
  expect(await one.view()).toEqual(before);
});

test('beside what cannot be listed a root is found and made as ever', async (context) => {
  const one = await scene(context, tellLittle);
  const [hidden, place] = [join(one.dir, 'hidden'), join(one.dir, 'hidden', 'mail')];
  mkdirSync(place, { recursive: true });
  const disk = watchedDisk(({ method, path }) => {
    if (method === 'list' && path === hidden) throw new DreamosError('disk', 'DISK_FAILED', 'EACCES', { hint: 'none' });
  });
  const at = { cwd: one.dir, env: {}, root: place, disk };
  expect(await codeOf(findFileRoot(at))).toBe('ROOT_NOT_FOUND');
  expect(await initFileStore(at)).toMatchObject({ created: true });
});

test('gone on with, it removes no root of somebody else that has as many messages', async (context) => {
  const [one, other] = [await scene(context, tellLittle), await scene(context, tellLittle)];
  const before = await one.view();
  const source = await fileMoveSource({ cwd: one.dir, root: one.root, env: {}, disk: watchedDisk() });
  await source.begin(`file:${one.to}`);
  await source.freeze();
  await other.move(undefined, { to: one.to });
  const its = await other.view();
  expect(await codeOf(one.move('resume'))).toBe('STATE_CHANGED');
  expect(await other.view()).toEqual(its);
  expect(await one.view()).toEqual(before);
});

test('what was loaded is loaded again where only an event came behind it', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  const source = await fileMoveSource({ cwd: one.dir, root: one.root, env: {}, disk: watchedDisk() });
  const target = fileMoveTarget(one.to, [source.root], { cwd: one.dir, env: {}, disk: watchedDisk() });
  const { load } = target;
  let loads = 0;
  target.load = async () => {
    loads++;
    return load();
  };
  const { dump } = source;
  source.dump = async (take, how) => {
    let isMissing = loads === 1 && how?.whole === true;
    return dump(async (record) => {
      if (isMissing && record.kind === 'event') isMissing = false;
      else await take(record);
    }, how);
  };
  expect(await moveBetween({ source, target }, {})).toMatchObject({ state: 'moved' });
  expect(loads).toBe(2);
  expect(await one.view()).toEqual(before);
});

test('a move that was cut off is said by everything that would open or make the root', async (context) => {
  const one = await scene(context, tellLittle);
  const format = join(one.root, 'format.json');
  await one.move();
  const token = 'ABCDEFGHJK';
  writeFileSync(
    format,
    JSON.stringify({ format: 'dreamos', version: 2, engine: 'moving', token, to: `file:${one.to}` }),
  );
  expect(await codeOf(one.open())).toBe('ROOT_MOVED');
  expect(await codeOf(one.move())).toBe('ROOT_MOVED');
  expect(readFileSync(format, 'utf8')).toContain(token);
});
