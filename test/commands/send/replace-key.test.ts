import { expect, test } from 'vitest';
import { createRig } from '../rig.ts';

test('a send with a replace key says what it takes the place of, and trace, show and watch of that say by what', async () => {
  const { dreamos } = await createRig();
  const send = 'send reviewer hello --as planner --replace-key k';
  const first = (await dreamos(send)).out.trim();
  const { out, err } = await dreamos(`${send} --json`);
  const sent = JSON.parse(out) as { id: string };
  expect(sent).toMatchObject({ replaced: [{ mailbox: 'reviewer', id: first }] });
  expect((await dreamos(send)).err).toContain(`It takes the place of ${sent.id} in reviewer.`);
  expect(err).not.toContain(first);
  expect((await dreamos(`trace ${first}`)).out).toContain(`its place is taken by ${sent.id}`);
  expect((await dreamos(`show ${first}`)).out).toContain(`archived, replaced by ${sent.id}`);
  const shown = JSON.parse((await dreamos(`show ${first} --json`)).out) as object;
  expect(shown).toMatchObject({ entries: [{ state: 'archived', replacedBy: sent.id }] });
  expect((await dreamos('watch reviewer --since start --wait 1ms')).out).toContain(
    `(its place is taken by ${sent.id})`,
  );
});

test('a batch takes it from its lines, and refuses it as an option for all', async () => {
  const { dreamos } = await createRig();
  const line = JSON.stringify({ to: 'reviewer', body: 'x', replaceKey: 'k' });
  const { out } = await dreamos('send --batch --as planner --json', { stdin: `${line}\n${line}\n` });
  const [first, second] = out
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as { id: string });
  expect(second).toMatchObject({ replaced: [{ id: first?.id }] });
  const refused = await dreamos('send reviewer --batch --as planner --replace-key k', { stdin: line });
  expect(refused.err).toContain('--replace-key says nothing with --batch');
});

test('a replace key that is its dedupe key, is empty or is too long is refused', async () => {
  const { dreamos } = await createRig();
  const send = (more: string) => dreamos(`send reviewer hello --as planner ${more}`);
  expect(await send('--replace-key k --dedupe-key k')).toMatchObject({ code: 2 });
  expect((await send('--replace-key=')).err).toContain('replaceKey: must not be empty');
  expect((await send(`--replace-key ${'k'.repeat(513)}`)).err).toContain('at most 512 characters');
});
