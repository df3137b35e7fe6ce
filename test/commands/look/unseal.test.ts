import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createIdentity } from '../../../src/core/identity/identity.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { type Rig, createRig, type Terms } from '../rig.ts';

let rig: Rig;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  rig = await createRig();
  env = { DREAMOS_CONFIG_HOME: scratch() };
  for (const name of ['planner', 'reviewer']) await createIdentity({ ...rig.root, env }, name);
});
afterAll(removeScratch);

const run = (line: string, terms: Terms = {}) => rig.dreamos(line, { env, ...terms });
const sealed = async (more = ''): Promise<string> =>
  (await run(`send reviewer the-code --as planner --seal --subject Codes ${more}`)).out.trim();

describe('who cannot open it, or did not say so, sees that it is sealed, and what to type', () => {
  test('in show, read and peek', async () => {
    const id = await sealed();
    for (const line of [`show ${id}`, 'peek reviewer', 'read reviewer']) {
      const { out } = await run(line);
      expect(out).toMatch(new RegExp(`^Sealed: +to read it: dreamos show ${id} --unseal$`, 'm'));
      expect(out).toMatch(/^\(sealed\)$/m);
      expect(out).toContain('Codes');
      expect(out).not.toContain('BEGIN AGE');
    }
  });

  test('in few words, in lists and in what names a message', async () => {
    const id = await sealed('--seal-subject');
    expect((await run(`show ${id}`)).out).toMatch(/^Subject: +\(sealed, or none\)$/m);
    for (const line of ['list reviewer', 'search planner', `trace ${id}`]) {
      const { out } = await run(line);
      expect(out).toContain('(sealed)');
      expect(out).not.toMatch(/BEGIN AGE|Codes|the-code/);
    }
    const { out } = await run('read reviewer --brief');
    expect(out).toContain(`dreamos show ${id} --unseal`);
    expect(out).not.toContain('BEGIN AGE');
  });

  test('--json and --body have it as it lies, for age itself', async () => {
    const id = await sealed();
    const { json } = await run(`show ${id} --json`);
    const { out: body } = await run(`show ${id} --body`);
    expect(body).toContain('BEGIN AGE ENCRYPTED FILE');
    expect(json).toMatchObject([{ message: { sealed: 'age', subject: 'Codes', body } }]);
  });
});

describe('--unseal', () => {
  test('shows it, its body alone, and as JSON', async () => {
    const id = await sealed();
    const { out } = await run(`show ${id} --unseal --as reviewer`);
    expect(out).toMatch(/^Sealed: +opened here; it lies sealed$/m);
    expect(out).toContain('```\nthe-code\n```');
    expect((await run(`show ${id} --unseal --body`)).out).toBe('the-code');
    expect((await run(`show ${id} --unseal --json`)).json).toMatchObject([
      { unsealed: true, message: { body: 'the-code' }, entries: [{ mailbox: 'reviewer' }] },
    ]);
    const plain = (await run('send reviewer x --as planner')).out.trim();
    expect((await run(`show ${plain} --unseal --json`)).json[0]).not.toHaveProperty('unsealed');
  });

  test('without the key is exit 9', async () => {
    const id = await sealed();
    const { code, err } = await run(`show ${id} --unseal --as reviewer`, { env: { DREAMOS_CONFIG_HOME: scratch() } });
    expect(code).toBe(9);
    expect(err).toContain('no private key of reviewer is here');
    expect(err).toContain('dreamos identity show reviewer');
  });

  test('of search finds it, and warns of what does not open', async () => {
    const id = await sealed();
    expect((await run('search the-code')).err).toContain('Nothing has "the-code"');
    expect((await run('search the-code --unseal --json')).json).toMatchObject([
      { id, unsealed: true, message: { body: 'the-code' } },
    ]);
    const { out, err } = await run('search codes --unseal', { env: { DREAMOS_CONFIG_HOME: scratch() } });
    expect(out).toContain(id);
    expect(err).toContain('One sealed message does not open');
  });

  test('of list has the subject, and finds by it', async () => {
    const id = await sealed('--seal-subject');
    expect((await run('list reviewer')).out).toContain('from planner: (sealed)');
    expect((await run('list reviewer --subject codes')).out).toBe('');
    for (const line of [
      'list reviewer --unseal',
      'list --subject codes --unseal',
      'search code --subject codes --unseal',
    ])
      expect((await run(line)).out, line).toMatch(new RegExp(`${id}.*from planner: Codes`));
    expect((await run('list reviewer --subject other --unseal')).out).toBe('');
    expect((await run('list reviewer --unseal --json')).json).toMatchObject([
      { id, unsealed: true, message: { subject: 'Codes', body: 'the-code' } },
    ]);
    const screen = await run('list reviewer --unseal --as reviewer', { terminal: true });
    expect(screen.out).toContain('Codes');
  });

  test('of peek and thread shows what is in it, and takes nothing', async () => {
    const id = await sealed('--seal-subject');
    const { out, err } = await run('peek reviewer --unseal');
    expect(out).toMatch(/^Sealed: +opened here; it lies sealed$/m);
    expect(out).toContain('```\nthe-code\n```');
    expect(err).toContain('dreamos read reviewer --unseal');
    expect((await run('peek reviewer --unseal --json')).json).toMatchObject([
      { unsealed: true, message: { id, subject: 'Codes', body: 'the-code' } },
    ]);
    const closed = (await run(`thread ${id}`)).out;
    expect(closed).toContain(`  | (sealed) dreamos show ${id} --unseal\n`);
    expect(closed).not.toMatch(/BEGIN AGE|Codes/);
    const opened = (await run(`thread ${id} --unseal`)).out;
    expect(opened).toContain('"Codes"\n');
    expect(opened).toMatch(/\(reviewer: ready\) {2}opened here\n {2}\| the-code\n/);
    expect((await run(`thread ${id} --unseal --json`)).json).toMatchObject([
      { unsealed: true, message: { id, body: 'the-code' }, entries: [{ state: 'ready' }] },
    ]);
  });

  test('of list, peek and thread shows as it lies what does not open, and says so once', async () => {
    const id = await sealed('--seal-subject');
    await sealed('--seal-subject');
    const stranger = { env: { DREAMOS_CONFIG_HOME: scratch() } };
    for (const line of ['list reviewer --unseal', 'peek reviewer -n 2 --unseal']) {
      const { code, out, err } = await run(line, stranger);
      expect([code, out.includes(id)]).toEqual([0, true]);
      expect(err).toMatch(/^Warning: 2 sealed messages do not open .* only what stands outside was shown/);
      expect(err.match(/Warning/g)).toHaveLength(1);
      expect(`${out}${err}`).not.toMatch(/BEGIN AGE|Codes|the-code/);
    }
    expect((await run(`thread ${id} --unseal`, stranger)).err).toMatch(/^Warning: One sealed message does not open/);
    expect((await run(`thread ${id} --unseal`, stranger)).out).toContain('(sealed)');
  });

  test('of read opens what it takes', async () => {
    const id = await sealed();
    expect((await run('read reviewer --unseal --json')).json).toMatchObject([
      { unsealed: true, message: { id, body: 'the-code' } },
    ]);
  });
});

describe('--seal', () => {
  test.for(['reply', 'publish codes', 'request reviewer --wait 50ms'])('of %s seals, too', async (words) => {
    await run('subscribe codes --as reviewer');
    await sealed();
    if (words === 'reply') await run('read reviewer --as reviewer');
    const as = words === 'reply' ? 'reviewer' : 'planner';
    await run(`${words} the-answer --seal --seal-subject --subject S --as ${as}`);
    const { json } = await run(`list --json --state ready`);
    expect(JSON.stringify(json)).not.toContain('the-answer');
    expect(json.at(-1)).toMatchObject({ message: { sealed: 'age', subject: '' } });
  });

  test('of a batch holds for lines that do not say otherwise', async () => {
    const stdin = ['{"to":"reviewer","body":"a"}', '{"to":"reviewer","body":"b","seal":false}'].join('\n');
    expect((await run('send --batch --seal --as planner', { stdin })).code).toBe(0);
    const one = await run('send --batch --as planner', { stdin: '{"to":"reviewer","body":"c","seal":true}' });
    expect(one.code).toBe(0);
    const { json } = await run('list reviewer --json');
    expect(json.map(({ message }) => (message as { sealed?: string }).sealed)).toEqual(['age', undefined, 'age']);
  });

  test('names who has no key, and sends nothing: exit 6', async () => {
    await run('agent register builder');
    const { code, err } = await run('send reviewer,builder hi --seal --as planner');
    expect(code).toBe(6);
    expect(err).toContain('builder has no key, so nothing was sent');
    expect(err).toContain('dreamos identity create builder');
    expect((await run('list reviewer --json')).json).toEqual([]);
  });

  test('an answer to sealed mail is in the open with --no-seal', async () => {
    await sealed();
    await run('read reviewer --as reviewer');
    await run('reply open --no-seal --as reviewer');
    expect((await run('peek planner --json')).json).toMatchObject([{ message: { body: 'open' } }]);
  });

  test('a schedule is not sealed, and a file in drop/ either', async () => {
    const { code } = await run(
      ['schedule', 'add', 's', '@daily', 'reviewer', 'x', '--seal', '--as', 'planner'].join(' '),
    );
    expect(code).toBe(2);
  });
});

test('the native program leaves an answer to sealed mail to Node before it reads its body', async () => {
  await sealed();
  await run('read reviewer --as reviewer');
  const left = new Error('in Node');
  const toNode = (): never => {
    throw left;
  };
  const outcome = await run('reply - --as reviewer', { stdin: 'answer', toNode }).then(
    ({ err }) => err,
    (error: unknown) => String(error),
  );
  expect(outcome).toContain('in Node');
  expect((await run('peek planner --json')).json).toEqual([]);
});
