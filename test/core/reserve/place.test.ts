import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { overlap } from '../../../src/core/reserve/overlap.ts';
import { placeIn, placesOf } from '../../../src/core/reserve/place.ts';
import { scratch } from '../../scratch.ts';
import { createCoreRig, expectRefusal, must } from '../rig.ts';

let project: string;
let session: Session;
beforeEach(async () => {
  project = scratch();
  for (const folder of ['src/deep', 'runtime/agent_comms', 'app/[id]'])
    mkdirSync(join(project, folder), { recursive: true });
  writeFileSync(join(project, 'src/a.ts'), '');
  session = { ...(await createCoreRig()).root, path: join(project, 'runtime/agent_comms') };
});

const kept = async (text: string, cwd = project): Promise<string> =>
  must((await placesOf(session, [text], cwd))[0]).path;

test('from whatever folder and in whatever words, one file has one path', async () => {
  const words: [text: string, folder: string][] = [
    ['src/a.ts', '.'],
    ['./src//a.ts', '.'],
    ['src/a.ts/', '.'],
    ['a.ts', 'src'],
    ['../a.ts', 'src/deep'],
    ['../src/deep/../a.ts', 'runtime'],
    [join(project, 'src/a.ts'), '/'],
  ];
  for (const [text, folder] of words) expect(await kept(text, join(project, folder)), text).toBe('src/a.ts');
  expect(await kept('.')).toBe('.');
  expect(await kept('src/')).toBe('src');
  // What is not there yet has its place, too.
  expect(await kept('new/folder/file.ts', join(project, 'src'))).toBe('src/new/folder/file.ts');
});

test('patterns begin in the current folder, too', async () => {
  expect(await kept('*.ts', join(project, 'src'))).toBe('src/*.ts');
  expect(await kept('./**/./*.ts')).toBe('**/*.ts');
  expect(await kept('../src/[ab].ts', join(project, 'app'))).toBe('src/[ab].ts');
  expect(await kept('/**')).toBe('/**');
  expect(await kept('*/x', '/')).toBe('/*/x');
  expect(await kept('a\\*b')).toBe('a\\*b');
});

test('links are followed, and one that leads nowhere is itself the place', async () => {
  symlinkSync('src', join(project, 'link'));
  symlinkSync('../src/a.ts', join(project, 'app/a-link'));
  symlinkSync('nowhere', join(project, 'dangling'));
  expect(await kept('link/a.ts')).toBe('src/a.ts');
  expect(await kept('link/new.ts')).toBe('src/new.ts');
  expect(await kept('link/*.ts')).toBe('src/*.ts');
  expect(await kept('app/a-link')).toBe('src/a.ts');
  expect(await kept('dangling')).toBe('dangling');
  symlinkSync('round', join(project, 'round'));
  await expectRefusal(kept('round/a'), 'DISK_FAILED');
});

test('what lies outside of the project, or has no project, has its whole path', async () => {
  const other = scratch();
  expect(await kept(join(other, 'x.ts'))).toBe(join(other, 'x.ts'));
  expect(await kept('..')).toBe(join(project, '..'));
  expect(await kept(`${project}-2/x.ts`)).toBe(`${project}-2/x.ts`);
  session = { ...session, path: join(project, 'mail') };
  expect(await kept('src/a.ts')).toBe(join(project, 'src/a.ts'));
});

test('a whole path and one in the project mean one file, and the same name elsewhere another', async () => {
  const meet = (one: string, other: string): boolean =>
    overlap(placeIn(session, { path: one }).pattern, placeIn(session, { path: other }).pattern);
  expect(meet('src/a.ts', `${project}/src/*`)).toBe(true);
  expect(meet('src/a.ts', '/')).toBe(true);
  expect(meet('.', '/**/a.ts')).toBe(true);
  // As in a worktree of git.
  expect(meet('src/a.ts', `${scratch()}/src/a.ts`)).toBe(false);
});

test('a sign of patterns in the name of what is there is no pattern', async () => {
  symlinkSync('[id]', join(project, 'app/id'));
  expect(await kept('app/id/page.ts')).toBe('app/\\[id]/page.ts');
  expect(await kept('page.ts', join(project, 'app/[id]'))).toBe('app/\\[id]/page.ts');
  const [one, other] = await placesOf(session, ['app/[id]/page.ts', 'app/id/page.ts'], project);
  expect(overlap(must(one).pattern, must(other).pattern)).toBe(true);
});

test('a file that is there has nothing below it; a folder, and what is not there yet, may have', async () => {
  const meets = async (text: string, literal = false): Promise<boolean> => {
    const [place] = await placesOf(session, [text], project, literal);
    return overlap(must(place).pattern, placeIn(session, { path: '**/b.ts' }).pattern);
  };
  symlinkSync('../src/a.ts', join(project, 'app/a-link'));
  expect(await meets('src/a.ts')).toBe(false);
  expect(await meets('app/a-link')).toBe(false);
  expect(await meets('src/deep')).toBe(true);
  expect(await meets('src/deep', true)).toBe(true);
  expect(await meets('src/new.ts')).toBe(true);
  expect(await meets('src/new.ts', true)).toBe(false);
  expect(await meets('src/b.ts', true)).toBe(true);
});

test('the name of a file is no pattern', async () => {
  for (const name of ['{a,b}.ts', '*', 'a?', '[x]', '!a', 'a\\*', 'a\nb', '\t', '**']) {
    const place = must((await placesOf(session, [name], project, true))[0]);
    expect(overlap(place.pattern, place.pattern), name).toBe(true);
    expect(overlap(place.pattern, placeIn(session, { path: 'other', file: true }).pattern), name).toBe(false);
  }
  expect(await placesOf(session, ['a*'], project, true)).toMatchObject([{ path: 'a\\*' }]);
  for (const text of ['', 'a\u0000', 'x\uD800', 'x'.repeat(5000)])
    await expectRefusal(placesOf(session, [text], project, true), 'PATH_INVALID');
});

test('what is named twice is one', async () => {
  expect(await placesOf(session, ['src/a.ts', './src/a.ts', 'SRC/A.ts'], project)).toHaveLength(1);
});

test('what cannot be meant is refused, with what to write', async () => {
  for (const text of ['', 'a\nb', 'a\u0000', 'x\uD800', 'src/*/../a.ts', '!a', 'src/{a,b}.ts', 'x'.repeat(5000)])
    await expectRefusal(kept(text), 'PATH_INVALID');
  expect(await kept('./!a')).toBe('!a');
  expect(await kept('src/\\{a,b}.ts')).toBe('src/{a,b}.ts');
  expect(await kept('src/{a}.ts')).toBe('src/{a}.ts');
  await expectRefusal(placesOf(session, ['a'], undefined), 'SOURCE_NOT_FOUND');
  expect((await placesOf(session, ['/a'], undefined))[0]?.path).toBe('/a');
});

test('who has proved who he is learns nothing of what is outside of the project', async () => {
  const outside = scratch();
  mkdirSync(join(outside, 'hidden'));
  writeFileSync(join(outside, 'file'), '');
  symlinkSync('hidden', join(outside, 'link'));
  symlinkSync(outside, join(project, 'out'));
  symlinkSync('round', join(project, 'round'));
  symlinkSync('src', join(project, 'link'));
  const mine = { ...session, proved: true };
  const of = async (text: string): Promise<[string, boolean | undefined]> => {
    const { path, file } = must((await placesOf(mine, [text], project))[0]);
    return [path, file];
  };
  for (const name of ['file', 'link', 'hidden', 'nothing']) {
    expect(await of(join(outside, name))).toEqual([join(outside, name), undefined]);
    expect(await of(`out/${name}`)).toEqual([`out/${name}`, undefined]);
  }
  expect(await of('round/a')).toEqual(['round/a', undefined]);
  expect(await of('link/a.ts')).toEqual(['src/a.ts', true]);
  const alone = { ...mine, path: outside };
  expect(must((await placesOf(alone, [join(outside, 'link')], '/'))[0]).path).toBe(join(outside, 'link'));
});
