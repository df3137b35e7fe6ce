import { mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectRefusal, refusal } from '../contract/rig.ts';
import { longestPathIn } from '../../../src/storage/file/names/longest.ts';
import { watchedDisk } from './disks.ts';
import { scratch } from '../../scratch.ts';
import { mainWorktreeOf } from '../../../src/storage/file/disk/foreign/main-worktree.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { findFileRoot } from '../../../src/storage/file/find-root.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
const place = join('runtime', 'agent_comms');

/** A repository with a linked worktree elsewhere, as git lays them out. */
function repository(gitDir = '.git'): { main: string; linked: string } {
  const [main, linked] = [realpathSync(scratch()), realpathSync(scratch())];
  const own = join(main, gitDir, 'worktrees', 'linked');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'commondir'), '../..\n');
  writeFileSync(join(linked, '.git'), `gitdir: ${own}\n`);
  mkdirSync(join(linked, 'a', 'b'), { recursive: true });
  return { main, linked };
}

async function project(): Promise<{ dir: string; root: string }> {
  const dir = realpathSync(scratch());
  const { path } = await initFileStore({ cwd: dir, env: {} });
  expect(path).toBe(join(dir, place));
  return { dir, root: path };
}

describe('a root', () => {
  test('is made with what makes it one, and making it again finds it', async () => {
    const { dir, root } = await project();
    const made = ['.gitignore', 'agent_mailboxes', 'boot.json', 'dedupe', 'format.json', 'outbox'];
    expect(readdirSync(root).sort()).toEqual(made);
    expect(await initFileStore({ cwd: dir, env: {} })).toEqual({ path: root, engine: 'files', created: false });
  });

  test('is not made among the files of a project, but what a cut-off init left behind is taken up', async () => {
    const dir = realpathSync(scratch());
    writeFileSync(join(dir, 'main.c'), '');
    const refused = initFileStore({ root: dir, cwd: dir, env: {} });
    expect(await refusal(refused)).toMatchObject({ code: 'ALREADY_EXISTS', kind: 'conflict' });
    expect(readdirSync(dir)).toEqual(['main.c']);
    const begun = join(dir, 'mail');
    mkdirSync(join(begun, 'outbox'), { recursive: true });
    expect(await initFileStore({ root: begun, cwd: dir, env: {} })).toMatchObject({ created: true });
  });

  test('is not made in the place of a file, which is named', async () => {
    const dir = realpathSync(scratch());
    const root = join(dir, 'main.c');
    writeFileSync(root, '');
    const refused = await refusal(initFileStore({ root, cwd: dir, env: {} }));
    expect(refused).toMatchObject({ code: 'ALREADY_EXISTS', hint: `Name another place, such as ${join(dir, place)}` });
    expect(refused.message).toBe(`${root} is there already and is no folder, as a root is.`);
    expect(readdirSync(dir)).toEqual(['main.c']);
  });

  test('is found from every folder below its project, and from inside itself', async () => {
    const { dir, root } = await project();
    const deep = join(dir, 'a', 'b', 'c');
    mkdirSync(deep, { recursive: true });
    for (const cwd of [dir, deep, root, join(root, 'agent_mailboxes')]) {
      expect((await findFileRoot({ cwd, env: {} })).path).toBe(root);
      expect(await initFileStore({ cwd, env: {} })).toEqual({ path: root, engine: 'files', created: false });
    }
  });

  test('is the nearest one above, not the one further up', async () => {
    const outer = realpathSync(scratch());
    const inner = join(outer, 'inner');
    mkdirSync(inner);
    const { path } = await initFileStore({ cwd: inner, env: {} });
    await initFileStore({ cwd: outer, env: {} });
    expect((await findFileRoot({ cwd: inner, env: {} })).path).toBe(path);
    expect((await findFileRoot({ cwd: outer, env: {} })).path).toBe(join(outer, place));
  });

  test('can be named by --root or DREAMOS_ROOT, itself or its project; --root comes first, and an empty one is none', async () => {
    const [one, two] = [await project(), await project()];
    const cwd = scratch();
    for (const root of [one.root, one.dir]) {
      expect((await findFileRoot({ root, cwd, env: {} })).path).toBe(one.root);
      expect((await findFileRoot({ cwd, env: { DREAMOS_ROOT: root } })).path).toBe(one.root);
      expect((await findFileRoot({ root, cwd, env: { DREAMOS_ROOT: two.root } })).path).toBe(one.root);
    }
    expect((await findFileRoot({ cwd: two.dir, env: { DREAMOS_ROOT: '' } })).path).toBe(two.root);
    expect((await findFileRoot({ cwd: two.dir, env: { DREAMOS_ROOT: one.dir } })).path).toBe(one.root);
    expect((await findFileRoot({ root: '.', cwd: two.dir, env: {} })).path).toBe(two.root);
  });

  test('tells git to ignore it, and leaves a .gitignore that is there', async () => {
    const { root } = await project();
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('*\n');
    const begun = realpathSync(scratch());
    writeFileSync(join(begun, '.gitignore'), 'mine\n');
    expect(await initFileStore({ root: begun, cwd: '/', env: {} })).toMatchObject({ created: true });
    expect(readFileSync(join(begun, '.gitignore'), 'utf8')).toBe('mine\n');
  });

  test('of the main worktree is found and made from a linked one, unless that has its own', async () => {
    const { main, linked } = repository();
    for (const cwd of [linked, join(linked, 'a', 'b')]) {
      const none = await refusal(findFileRoot({ cwd, env: {} }));
      expect(none).toMatchObject({ code: 'ROOT_NOT_FOUND', hint: 'Make one there, for all worktrees: dreamos init' });
      expect(none.message).toContain(`none in the main worktree, ${main}.`);
    }
    const shared = { path: join(main, place), engine: 'files', mainWorktree: main };
    const from = { cwd: join(linked, 'a', 'b'), env: {} };
    expect(await initFileStore(from)).toEqual({ ...shared, created: true });
    expect(await initFileStore(from)).toEqual({ ...shared, created: false });
    expect(await findFileRoot(from)).toEqual(shared);
    expect(await findFileRoot({ cwd: main, env: {} })).toEqual({ path: shared.path, engine: 'files' });
    const { path } = await initFileStore({ root: join(linked, place), cwd: '/', env: {} });
    expect(await findFileRoot(from)).toEqual({ path, engine: 'files' });
  });

  test('of a folder in the main worktree is that of the same folder in a linked one', async () => {
    const { main, linked } = repository();
    mkdirSync(join(main, 'a'));
    await initFileStore({ cwd: main, env: {} });
    const { dir } = await project();
    renameSync(join(dir, 'runtime'), join(main, 'a', 'runtime'));
    expect((await findFileRoot({ cwd: join(linked, 'a', 'b'), env: {} })).path).toBe(join(main, 'a', place));
    expect((await findFileRoot({ cwd: linked, env: {} })).path).toBe(join(main, place));
  });

  test('of the main worktree comes before one above the linked worktree; of a submodule and a bare repository there is none', async () => {
    const { main, linked } = repository();
    const { path } = await initFileStore({ cwd: main, env: {} });
    const { dir, root } = await project();
    renameSync(linked, join(dir, 'linked'));
    expect((await findFileRoot({ cwd: join(dir, 'linked'), env: {} })).path).toBe(path);
    renameSync(join(main, 'runtime'), join(main, 'gone'));
    expect(await findFileRoot({ cwd: join(dir, 'linked'), env: {} })).toEqual({ path: root, engine: 'files' });
    const bare = repository('bare.git');
    await initFileStore({ cwd: bare.main, env: {} });
    await expectRefusal(findFileRoot({ cwd: bare.linked, env: {} }), 'ROOT_NOT_FOUND');
    const submodule = realpathSync(scratch());
    writeFileSync(join(submodule, '.git'), 'gitdir: ../.git/modules/x\n');
    await expectRefusal(findFileRoot({ cwd: submodule, env: {} }), 'ROOT_NOT_FOUND');
  });

  test('is not looked for where a .git of another user points', async () => {
    const { main, linked } = repository();
    const mine = nodeDisk();
    expect(await mainWorktreeOf(mine, join(linked, '.git'))).toBe(main);
    const another = { ...mine, userId: () => (mine.userId() ?? 0) + 1 };
    expect(await mainWorktreeOf(another, join(linked, '.git'))).toBeUndefined();
  });

  test('that is not there is an error with the way to make one, and nothing is made', async () => {
    const cwd = scratch();
    const none = await refusal(findFileRoot({ cwd, env: {} }));
    expect(none).toMatchObject({ kind: 'not-found', code: 'ROOT_NOT_FOUND' });
    expect(none.message).toContain(cwd);
    expect(none.hint).toContain('dreamos init');
    const named = await refusal(findFileRoot({ cwd, env: { DREAMOS_ROOT: join(cwd, 'x') } }));
    expect(named.message).toContain(join(cwd, 'x'));
    expect(named.hint).toContain(join(cwd, 'x'));
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('below another root is refused, however it is reached', async () => {
    const { dir, root } = await project();
    mkdirSync(join(dir, 'sub'));
    const link = join(scratch(), 'link');
    symlinkSync(join(dir, 'sub'), link);
    for (const below of [join(dir, 'sub'), join(dir, 'x', 'y'), join(root, 'again'), join(link, 'z')]) {
      const refused = await refusal(initFileStore({ root: below, cwd: '/', env: {} }));
      expect(refused).toMatchObject({ kind: 'conflict', code: 'ROOT_INSIDE_ROOT' });
      expect(refused.hint).toContain(root);
    }
    expect(readdirSync(join(dir, 'sub'))).toEqual([]);
  });

  test.for([
    ['in one folder', '.'],
    ['in a folder and in one below it', 'below'],
  ] as const)('made by two at once, %s, is made or found by both, whoever is faster', async ([, below]) => {
    // Each call of the disk is one turn, so that the second begins at every step of the first.
    for (let turns = 0; turns < 120; turns += 3) {
      const dir = realpathSync(scratch());
      const cwd = join(dir, below);
      mkdirSync(cwd, { recursive: true });
      const first = initFileStore({ cwd: dir, env: {} });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const second = await initFileStore({ cwd, env: {} });
      expect((await first).path).toBe(join(dir, place));
      // Of nested ones the lower may have been the first.
      expect([join(dir, place), join(cwd, place)]).toContain(second.path);
    }
  });

  test('whose path leaves no room for the longest one in it is neither made nor opened, and both numbers are told', async () => {
    const dir = realpathSync(scratch());
    const most = 4095 - (longestPathIn('/x') - 2);
    const path = (length: number): string => {
      const folders = join(dir, ...Array.from<string>({ length: 18 }).fill('f'.repeat(200)));
      const long = join(folders, 'f'.repeat(Math.max(0, length - folders.length - '/mail'.length - 1)), 'mail');
      expect(long).toHaveLength(length);
      return long;
    };
    const fits = path(most);
    const tooLong = path(most + 1);
    const names = {
      message: expect.stringMatching(/4096 bytes.* 4095\./) as string,
      code: 'DISK_FAILED',
      kind: 'disk',
    };
    expect(await refusal(initFileStore({ root: tooLong, cwd: '/', env: {} }))).toMatchObject(names);
    expect(readdirSync(dir)).toEqual([]);
    expect(await initFileStore({ root: fits, cwd: '/', env: {} })).toMatchObject({ path: fits, created: true });
    expect(await findFileRoot({ root: fits, cwd: '/', env: {} })).toMatchObject({ path: fits });
    mkdirSync(dirname(tooLong), { recursive: true });
    renameSync(fits, tooLong);
    expect(await refusal(findFileRoot({ root: tooLong, cwd: '/', env: {} }))).toMatchObject(names);
  });

  test('is not made on a file system that takes only short names', async () => {
    const dir = realpathSync(scratch());
    // As eCryptfs does.
    const disk = watchedDisk(({ to = '' }) => {
      if (basename(to).length > 143) throw Object.assign(new Error('ENAMETOOLONG'), { code: 'ENAMETOOLONG' });
    });
    const refused = await refusal(initFileStore({ cwd: dir, env: {}, disk }));
    expect(refused).toMatchObject({ kind: 'disk', code: 'DISK_FAILED' });
    expect(refused.message).toMatch(/cannot hold a root: .*ENAMETOOLONG/);
    expect(refused.hint).toContain('255');
    await expectRefusal(findFileRoot({ cwd: dir, env: {} }), 'ROOT_NOT_FOUND');
  });

  test('named by its whole path needs no current folder; anything else says that it is gone', async () => {
    const { root } = await project();
    for (const find of [findFileRoot, initFileStore]) {
      expect((await find({ root, cwd: undefined, env: {} })).path).toBe(root);
      expect((await find({ cwd: undefined, env: { DREAMOS_ROOT: root } })).path).toBe(root);
      for (const options of [{}, { root: 'mail' }]) {
        const refused = await refusal(find({ ...options, cwd: undefined, env: {} }));
        expect(refused).toMatchObject({ kind: 'not-found', code: 'ROOT_NOT_FOUND' });
        expect(refused.message).toMatch(/current folder.* has been removed/);
        expect(refused.hint).toContain('`root`');
      }
    }
  });

  test.for([
    ['{"format":"dreamos","version":3}', 'FORMAT_TOO_NEW'],
    ['{"format":"dreamos","version":2}', 'FORMAT_UNKNOWN'],
    ['{"format":"dreamos","version":2,"engine":"files"}', 'FORMAT_UNKNOWN'],
    ['{"format":"dreamos","version":"1"}', 'FORMAT_UNKNOWN'],
    ['{"format":"other","version":1}', 'FORMAT_UNKNOWN'],
    ['{"format":"dream', 'FORMAT_UNKNOWN'],
    ['', 'FORMAT_UNKNOWN'],
    ['[]', 'FORMAT_UNKNOWN'],
  ] as const)('whose format.json says %j is refused', async ([text, code]) => {
    const { dir, root } = await project();
    writeFileSync(join(root, 'format.json'), text);
    for (const refused of [findFileRoot({ cwd: dir, env: {} }), initFileStore({ cwd: dir, env: {} })]) {
      expect(await refusal(refused)).toMatchObject({ kind: 'invalid', code, hint: expect.any(String) as string });
    }
  });

  test.for(['{"format":"a4"}', '[]', '{"format":"dream', ''])(
    'is not every folder above that has a format.json, such as one that says %j; that file stays as it is',
    async (text) => {
      const dir = realpathSync(scratch());
      const foreign = join(dir, 'format.json');
      writeFileSync(foreign, text);
      expect((await refusal(findFileRoot({ cwd: dir, env: {} }))).code).toBe('ROOT_NOT_FOUND');
      const named = { root: dir, cwd: '/', env: {} };
      for (const refused of [findFileRoot(named), initFileStore(named)]) {
        expect((await refusal(refused)).code).toBe('FORMAT_UNKNOWN');
      }
      const root = join(dir, place);
      expect(await initFileStore({ cwd: dir, env: {} })).toEqual({ path: root, engine: 'files', created: true });
      for (const options of [{ cwd: dir }, { cwd: root }, named]) {
        expect((await findFileRoot({ env: {}, ...options })).path).toBe(root);
      }
      expect(readFileSync(foreign, 'utf8')).toBe(text);
    },
  );

  test('outside of a project is found from inside itself', async () => {
    const dir = join(realpathSync(scratch()), 'mail');
    const { path } = await initFileStore({ root: dir, cwd: '/', env: {} });
    expect(path).toBe(dir);
    expect((await findFileRoot({ cwd: join(dir, 'outbox'), env: {} })).path).toBe(dir);
  });

  test('of this version with more in its format.json is fine', async () => {
    const { dir, root } = await project();
    writeFileSync(join(root, 'format.json'), '{"format":"dreamos","version":1,"more":true}');
    expect((await findFileRoot({ cwd: dir, env: {} })).path).toBe(root);
  });

  test('that cannot be made is a disk failure that names the place', async () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    const places = [join(file, 'root'), ...(process.platform === 'linux' ? ['/proc/dreamos/root'] : [])];
    for (const root of places) {
      const refused = await refusal(initFileStore({ root, cwd: '/', env: {} }));
      expect(refused).toMatchObject({ kind: 'disk', code: 'DISK_FAILED' });
      expect(refused.message).toContain(root.slice(0, 13));
    }
  });
});
