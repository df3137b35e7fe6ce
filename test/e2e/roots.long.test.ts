/** Where a root may lie, and what finds it: the folders of the process as they are, or are not any more. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { longestPathIn } from '../../src/storage/file/names/longest.ts';
import { commandsToType } from './commands-to-type.ts';
import { expectRefusal, parseLines, project, test, until } from './rig.ts';
import { watchesFiles } from './watches-files.ts';

describe.concurrent('roots', () => {
  test('six that make the same root at once all have it, in its folder and below', async ({ bare }) => {
    for (let round = 0; round < 6; round++) {
      const dir = join(bare.dir, `round-${round}`);
      const folders = [dir, dir, dir, join(dir, 'below'), dir, join(dir, 'below')];
      mkdirSync(join(dir, 'below'), { recursive: true });
      const inits = folders.map((cwd) => bare.dreamos('init ann bob --json', { cwd }));
      const ended = await Promise.all(inits);
      expect(ended.map(({ code, err }) => ({ code, err }))).toEqual(folders.map(() => ({ code: 0, err: '' })));
      for (const [i, cwd] of folders.entries()) {
        const root = String(ended[i]?.json[0]?.['root']);
        expect([dir, cwd].map((folder) => join(folder, 'runtime', 'agent_comms'))).toContain(root);
        expect(readdirSync(join(root, 'agent_mailboxes')).sort()).toEqual(['ann', 'bob']);
      }
    }
  });

  test('who waits is told that the root is gone, not that one of its agents is', async ({ bare }) => {
    const waits = [
      'read a --wait 30s',
      'work a --wait 30s -- cat',
      'reserve x --as a --wait 30s',
      'watch a --wait 30s',
      'send a hi --as b --until acked --wait 30s',
    ];
    const told = waits.map(async (words, i) => {
      const cwd = join(bare.dir, `${i} gone`);
      mkdirSync(cwd);
      await bare.dreamos('init a b', { cwd });
      await bare.dreamos('reserve x --as b', { cwd });
      const waiting = bare.start(words, { cwd });
      await until('it waits', () => watchesFiles(waiting.child.pid));
      rmSync(join(cwd, 'runtime'), { recursive: true });
      const { code, err } = await waiting.ended;
      expect({ code, err }, words).toEqual({
        code: 4,
        err: expect.stringContaining(`There is no dreamos root at ${cwd}/runtime/agent_comms any more`) as string,
      });
      expect(commandsToType(err), words).toEqual([`dreamos init --root '${cwd}/runtime/agent_comms'`]);
    });
    await Promise.all(told);
  });

  test('git sees nothing of a root, and a linked worktree uses that of the main one, and says so', async ({
    bare,
    skip,
  }) => {
    const git = 'git -c user.name=x -c user.email=x@x.example';
    const made = `git init -q main && cd main && ${git} commit -q --allow-empty -m x && git worktree add -q ../linked`;
    if ((await bare.shell('command -v git')).code !== 0) skip('there is no git here');
    expect(await bare.shell(made)).toMatchObject({ code: 0 });
    const [main, linked] = [join(bare.dir, 'main'), join(bare.dir, 'linked')];
    const root = join(main, 'runtime', 'agent_comms');
    expectRefusal(await bare.dreamos('status --json', { cwd: linked }), {
      exit: 4,
      code: 'ROOT_NOT_FOUND',
      names: main,
      next: 'for all worktrees: dreamos init',
    });
    const first = await bare.dreamos('init ann bob', { cwd: linked });
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining(`Made the root ${root}\n`) as string });
    expect(first.err).toContain(`It serves all worktrees of ${main}.`);
    const sent = await bare.dreamos('send bob hello --as ann', { cwd: linked });
    expect(sent).toMatchObject({ code: 0, err: `Using the root of the main worktree: ${root}\n` });
    expect(await bare.dreamos('send bob hello --as ann --quiet', { cwd: linked })).toMatchObject({ err: '' });
    expect(await bare.dreamos('peek bob --json', { cwd: linked })).toMatchObject({ code: 0, err: '' });
    const seen = await bare.shell('git add -A && git status --short && git clean -fdq && dreamos doctor', {
      cwd: main,
    });
    expect(seen).toMatchObject({ code: 0, out: '', err: 'Nothing is wrong.\n' });
    expect((await bare.dreamos('peek bob', { cwd: main })).out).toContain('hello');
  });

  test('a current folder that has been removed is needed by nothing that names its root; else it is named', async ({
    rig,
  }) => {
    const gone = (words: string, before = ''): string =>
      `mkdir gone && cd gone && rmdir ../gone && ${before} dreamos ${words}`;
    const sent = await rig.shell(gone(`--root ${rig.root} send reviewer hello --as planner`));
    expect(sent).toMatchObject({ code: 0, err: '' });
    const shown = await rig.shell(gone('work reviewer --count 1 -- cat', `DREAMOS_ROOT=${rig.root}`));
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('"body":"hello"') as string });
    const named = { exit: 4, names: /current folder.* has been removed/, next: /cd.*--root/ };
    for (const words of ['status', 'init', '--root mail status', 'init --root mail'])
      expectRefusal(await rig.shell(gone(`--json ${words}`)), { ...named, code: 'ROOT_NOT_FOUND' });
    for (const words of ['send reviewer --as planner --body-file notes.md', 'watch --since @events', 'import old'])
      expectRefusal(await rig.shell(gone(`--json --root ${rig.root} ${words}`)), {
        ...named,
        code: 'SOURCE_NOT_FOUND',
      });
    const library = `import { open } from '${join(project, 'dist', 'index.js')}';
      const mail = await open({ root: '${rig.root}' }); console.log((await mail.status()).length);
      await open().catch((error) => console.log(error.code));`;
    writeFileSync(join(rig.dir, 'library.mjs'), library);
    const opened = await rig.shell(gone('').replace('dreamos', `node ${join(rig.dir, 'library.mjs')}`));
    expect(opened).toMatchObject({ code: 0, out: '2\nROOT_NOT_FOUND\n' });
    writeFileSync(join(rig.dir, 'notes.md'), 'from a file');
    const words = `--root ${rig.root} send reviewer --as planner --body-file ${join(rig.dir, 'notes.md')}`;
    expect(await rig.shell(gone(words))).toMatchObject({ code: 0, err: '' });
  });

  test('in a root whose path is as long as it may be, mail with the longest names goes every way', async ({ bare }) => {
    const [ann, bob] = ['a', 'b'].map((letter) => letter.repeat(64));
    const length = 4095 - (longestPathIn('/x') - 2);
    let root = bare.dir;
    while (root.length < length) root = join(root, 'f'.repeat(Math.max(1, Math.min(200, length - root.length - 1))));
    mkdirSync(dirname(root), { recursive: true });
    const env = { DREAMOS_ROOT: root };
    const run = async (words: string): Promise<readonly string[]> => {
      const { code, out, err } = await bare.dreamos(words, { env });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      return out.split('\n').filter(Boolean);
    };
    await run(`init --quiet ${ann} ${bob}`);
    const options = '--ttl 2d --ordering-key k --dedupe-key';
    for (const [i, more] of ['', '--delay 1s'].entries())
      await run(`send ${ann},${bob} hello --as ${bob} ${options} ${i} ${more}`);
    expect(readdirSync(join(root, 'outbox'))).toEqual([]);
    const claim = async (): Promise<string> => {
      const [line] = parseLines((await run(`read ${ann} --wait 10s --lease 1m --json`)).join('\n'));
      return line?.receipt ?? '';
    };
    await run(`ack ${await claim()}`);
    await run(`nack ${await claim()} --dead`);
    expect(await run(`dlq list ${ann} --json`)).toHaveLength(1);
    expect(await run(`archive list ${ann} --json`)).toHaveLength(1);
    await run('doctor --quiet');
  });
});
