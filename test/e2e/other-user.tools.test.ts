import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { notRoot, said, skips } from '../lack.ts';
import { expectRefusal, test, tree } from './rig.ts';

const nobody = 65_534;

describe.concurrent('roots', () => {
  // Only root can start a process of another user.
  test.skipIf(skips(notRoot))(said('a root that another user owns is refused', notRoot), async ({ rig }) => {
    const before = tree(rig.root);
    chmodSync(rig.dir, 0o755);
    for (const dir of ['runtime', 'runtime/agent_comms']) chmodSync(join(rig.dir, dir), 0o755);
    chmodSync(join(rig.root, 'format.json'), 0o644);
    const ended = await rig.dreamos('status --json', { uid: nobody });
    expectRefusal(ended, { exit: 7, code: 'ROOT_NOT_YOURS', names: rig.root, next: '--root' });
    chmodSync(join(rig.root, 'format.json'), 0o600);
    chmodSync(rig.root, 0o700);
    expect(tree(rig.root)).toEqual(before);
  });

  test.skipIf(skips(notRoot))(
    said("another user's root above, which cannot even be looked into, keeps nobody from a root of his own", notRoot),
    async ({ rig }) => {
      const own = join(rig.dir, 'own');
      mkdirSync(own);
      chownSync(own, nobody, nobody);
      chmodSync(rig.dir, 0o755);
      const as = { uid: nobody, cwd: own };
      const none = await rig.dreamos('status --json', as);
      expectRefusal(none, { exit: 7, code: 'ROOT_NOT_YOURS', names: rig.root, next: /dreamos init.*sudo -u '#0'/ });
      const made = await rig.dreamos('init ann', as);
      expect(made).toMatchObject({ code: 0, out: expect.stringContaining(join(own, 'runtime')) as string });
      expect(made.err).toContain(
        `Warning: The root ${rig.root} belongs to another user (uid 0, you are ${nobody}). It was passed over.`,
      );
      expect(await rig.dreamos('send ann hello --as ann', as)).toMatchObject({ code: 0, err: '' });
    },
  );

  // Root looks into every folder, whatever its mode.
  test.skipIf(skips(notRoot))(
    said('a mailbox that is closed to its own user is told, and hides nothing of the others', notRoot),
    async ({ bare: rig }) => {
      const own = join(rig.dir, 'own');
      mkdirSync(own);
      chownSync(own, nobody, nobody);
      chmodSync(rig.dir, 0o755);
      const run = (words: string) =>
        rig.dreamos(`${words} --json`, { uid: nobody, cwd: own, env: { DREAMOS_AGENT: 'ann' } });
      const closed = join(own, 'runtime', 'agent_comms', 'agent_mailboxes', 'bob');
      await run('init ann bob');
      await run('subscribe news --as bob');
      await run('publish news bulletin');
      const [sent] = (await run('send ann,bob hello')).json;
      const id = sent?.id ?? '';
      chmodSync(closed, 0);
      try {
        for (const [words, shows, exit = 0] of [
          ['status', '"mailbox":"ann"'],
          ['search hello', '"mailbox":"ann"'],
          [`thread ${id}`, 'hello'],
          [`show ${id}`, '"mailbox":"ann"'],
          [`trace ${id}`, '"mailbox":"ann"'],
          ['watch --since start --count 1', '"mailbox":"ann"'],
          ['watch --wait 100ms', '', 3],
          ['archive search hello', ''],
          ['agent list', '"name":"bob"'],
          ['topics list', '"agent":"bob"'],
          ['doctor', '"unreadable"', 6],
          ['list bob', '', 7],
          ['send bob again', '', 7],
          ['send ann,bob again', '', 7],
          ['publish news again', '', 7],
        ] as const) {
          const ended = await run(words);
          expect({ words, code: ended.code }, ended.err).toEqual({ words, code: exit });
          expect(ended.out, words).toContain(shows);
          expect(ended.err, words).toMatch(/agent_mailboxes\/bob.*EACCES/);
        }
        for (const words of ['list ann', 'peek ann', 'listen news --since start --count 1'])
          expect({ words, ...(await run(words)) }).toMatchObject({ words, code: 0, err: '' });
      } finally {
        chmodSync(closed, 0o700);
      }
      expect((await run('doctor')).json).toEqual([]);
      expect((await run('search again')).json).toEqual([]);
      expect((await run('list bob')).json.map(({ message }) => message.body)).toEqual(['bulletin', 'hello']);
    },
  );
});
