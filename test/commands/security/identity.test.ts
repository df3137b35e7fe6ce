import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { scratch } from '../../scratch.ts';
import { createRig, type Result, type Rig } from '../rig.ts';

let rig: Rig;
let home: string;
const run = (words: string, of = home): Promise<Result> => rig.dreamos(words, { env: { DREAMOS_CONFIG_HOME: of } });
const keyOf = async (agent: string, of = home): Promise<string> =>
  String((await run(`identity show ${agent} --json`, of)).json[0]?.['key']);

beforeEach(async () => {
  rig = await createRig();
  home = scratch();
});

describe('identity', () => {
  test('create, show, rotate and revoke say what holds now', async () => {
    const made = await run('identity create planner');
    const first = await keyOf('planner');
    const { root } = (await run('identity show planner --json')).json[0] as { root?: string };
    const path = join(home, 'identities', String(root), 'planner.json');
    expect(made).toMatchObject({
      code: 0,
      out: `planner has the key ${first}.\n`,
      err: `Its private half, which only you may read: ${path}\n`,
    });
    expect((await run('identity create --as planner')).out).toBe(`planner had its key already, ${first}.\n`);

    const rotated = await run('identity rotate planner');
    const second = await keyOf('planner');
    expect(second).not.toBe(first);
    expect(rotated).toMatchObject({
      code: 0,
      out: `planner has the key ${second} now; ${first} has signed for it.\n`,
      err: '',
    });
    const shown = await run('identity show planner');
    expect(shown.out).toMatch(new RegExp(`^${second} .* good +${first}$`, 'm'));
    expect(shown.out).toMatch(new RegExp(`^${first} .* good *$`, 'm'));
    expect(shown.err).toContain(`Its private half: ${path} (root ${root})`);

    const revoked = await run('identity revoke planner');
    expect(revoked).toMatchObject({
      code: 0,
      out: `Revoked ${second} of planner: nothing that it has signed is believed any more.\n`,
      err: 'To give it another: dreamos identity create planner\n',
    });
    expect((await run('identity revoke planner')).out).toBe(`${second} of planner was revoked before.\n`);
    expect((await run('identity show planner')).out).toMatch(
      new RegExp(`^${second} .* revoked 2026-11-20T09:00:00`, 'm'),
    );
    expect((await run(`identity revoke planner --key ${first}`)).out).toContain(`Revoked ${first}`);
  });

  test('of others it says what one may trust, and nothing of a private half', async () => {
    await run('identity create planner');
    const theirs = scratch();
    const shown = await run('identity show planner', theirs);
    expect(shown.out).toContain('not trusted yet');
    expect(shown.err).toContain('Its private half is not here.');
    expect((await run('identity show planner --json', theirs)).json[0]).not.toHaveProperty('private');
    const none = await run('identity show reviewer');
    expect(none).toMatchObject({ code: 0, out: 'reviewer has no key.\n' });
    expect(none.err).toContain('dreamos identity create reviewer');
  });

  test.each([
    ['identity rotate planner', 9, 'UNAUTHENTICATED', 'dreamos identity create planner'],
    ['identity revoke planner', 9, 'UNAUTHENTICATED', 'dreamos identity create planner'],
    ['identity create nobody', 4, 'AGENT_NOT_FOUND', 'dreamos agent register nobody'],
    ['identity create', 2, 'USAGE', 'identity create'],
  ])('%s is refused (exit %i, %s)', async (words, code, name, next) => {
    const ended = await run(`${words} --json`);
    expect(ended).toMatchObject({ code, out: '' });
    expect(JSON.parse(ended.err)).toMatchObject({
      error: { code: name, hint: expect.stringContaining(next) as string },
    });
  });

  test('a private key that others may read ends it with exit 9, and what to type', async () => {
    await run('identity create planner');
    const path = String((await run('identity show planner --json')).json[0]?.['private']);
    chmodSync(path, 0o644);
    const ended = await run('identity rotate planner');
    expect(ended).toMatchObject({ code: 9, out: '' });
    expect(ended.err).toContain(`Next: chmod 600 ${path}`);
  });

  test('list has every agent with a key, and says whose private half is here', async () => {
    const none = await run('identity list');
    expect(none).toMatchObject({ code: 0, out: '', err: expect.stringContaining('dreamos identity create <agent>') });
    const theirs = scratch();
    await run('identity create planner');
    await run('identity create reviewer', theirs);
    const { out } = await run('identity list');
    expect(out).toMatch(/^agent +key +since +state +private half\n/);
    expect(out).toMatch(new RegExp(`^planner +${await keyOf('planner')} +2026-[^ ]+ +good +here *$`, 'm'));
    expect(out).toMatch(new RegExp(`^reviewer +${await keyOf('reviewer')} +2026-[^ ]+ +not trusted yet +- *$`, 'm'));
  });

  test('never prints a private key', async () => {
    for (const words of [
      'identity create planner',
      'identity rotate planner',
      'identity show planner',
      'identity list',
      'identity revoke planner',
      'trust list',
      'agent show planner',
      'config history --agent planner',
    ])
      for (const more of ['', ' --json']) {
        const { code, out, err } = await run(`${words}${more}`);
        expect(code, `${words}: ${err}`).toBe(words.includes('rotate') || words.includes('revoke') ? code : 0);
        expect(`${out}${err}`).not.toMatch(/PRIVATE|SECRET/);
      }
  });
});

describe('trust', () => {
  const strange = async (): Promise<{ theirs: string; own: string; known: string }> => {
    const theirs = scratch();
    await run('identity create planner');
    const known = await keyOf('planner');
    expect((await run('trust accept planner', theirs)).out).toBe(`planner is known by the key ${known} now.\n`);
    await run('identity revoke planner');
    await run('identity create planner');
    return { theirs, own: await keyOf('planner'), known };
  };

  test('list and accept say which key is trusted, and which is not', async () => {
    const { theirs, own, known } = await strange();
    const listed = await run('trust list', theirs);
    expect(listed.out).toMatch(new RegExp(`^planner +changed +${own} +${known} `, 'm'));
    expect(listed.err.replace(/\s+/g, ' ')).toContain(`dreamos trust accept planner --key ${own}`);
    const wrong = await run(`trust accept planner --key ${known}`, theirs);
    expect(wrong).toMatchObject({ code: 9, out: '' });
    expect(wrong.err).toContain('Nothing was accepted');
    expect((await run(`trust accept planner --key ${own}`, theirs)).out).toBe(
      `planner is known by the key ${own} now instead of ${known}.\n`,
    );
    expect((await run('trust accept planner', theirs)).out).toBe(`planner is known by ${own} already.\n`);
    expect((await run('trust list', theirs)).out).toMatch(new RegExp(`^planner +good +${own} +${own} `, 'm'));
  });

  test('remove forgets a key, and says which one the next use would trust', async () => {
    const { theirs, own, known } = await strange();
    expect(await run('trust remove planner', theirs)).toMatchObject({
      ...{ code: 0, out: `You know planner by no key any more; it was ${known}.\n` },
      err: `Its next use trusts what its card says then; now that is ${own}.\n`,
    });
    expect((await run('trust list', theirs)).out).toMatch(new RegExp(`^planner +not trusted yet +${own} +- *$`, 'm'));
    expect((await run('trust remove planner', theirs)).out).toBe('You know planner by no key.\n');
    expect((await run('trust remove nobody', theirs)).code).toBe(4);
  });

  test('without a key of anybody there is nothing to list, and nothing to accept', async () => {
    const none = await run('trust list');
    expect(none).toMatchObject({ code: 0, out: '' });
    expect(none.err).toContain('dreamos identity create');
    expect((await run('trust accept planner')).code).toBe(2);
    expect((await run('trust accept nobody')).code).toBe(4);
  });
});
