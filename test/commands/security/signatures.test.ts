/** What commands say of signatures, and that all of it is as the contract says. */
import { beforeEach, describe, expect, test } from 'vitest';
import { sessionOn } from '../../../src/core/open-root.ts';
import { createIdentity } from '../../../src/core/identity/identity.ts';
import { schemas } from '../../../src/contract/schemas.ts';
import { digestBytes, writeDigest } from '../../../src/model/signed/digest.ts';
import { mailboxOf } from '../../../src/storage/memory/mail.ts';
import { misfits, strict } from '../../contract/strict.ts';
import { scratch } from '../../scratch.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { createRig, type Result, type Rig } from '../rig.ts';

let rig: Rig;
let env: NodeJS.ProcessEnv;
let ids: { unsigned: string; invalid: string; verified: string };

const set = (signatures: 'off' | 'warn' | 'require') =>
  changeSettingsIn(rig.root.store, (settings) => ({ ...settings, signatures }));
const dreamos = (line: string): Promise<Result> => rig.dreamos(line, { env });
const fault = 'it was changed since it was signed';

beforeEach(async () => {
  rig = await createRig();
  env = { DREAMOS_CONFIG_HOME: scratch() };
  for (const name of ['planner', 'reviewer']) await createIdentity(sessionOn(rig.root, { env }), name);
  const sent = async (): Promise<string> =>
    (await dreamos('send reviewer hello --as planner --thread talk')).out.trim();
  const unsigned = await sent();
  await set('warn');
  ids = { unsigned, invalid: await sent(), verified: await sent() };
  const held = mailboxOf(rig.mail, 'reviewer').get(ids.invalid);
  const bytes = Buffer.from((held?.bytes.toString() ?? '').replace('"hello"', '"hullo"'));
  const whole = Buffer.alloc(bytes.length + 1);
  bytes.copy(whole);
  writeDigest(whole, 0, bytes.length - digestBytes);
  Object.assign(held ?? {}, { bytes: whole });
});

const states = [{ signature: 'unsigned' }, { signature: 'invalid', signatureFault: fault }, { signature: 'verified' }];

describe.each([
  ['peek', 'peek reviewer -n 3', 'peek'],
  ['list', 'list reviewer', 'list'],
  ['search', 'search planner', 'search'],
  ['thread', 'thread talk', 'show'],
  ['read', 'read reviewer -n 3', 'read'],
] as const)('%s', (_, line, name) => {
  test('prints with --json what is known, as the contract says', async () => {
    const { code, json, err } = await dreamos(`${line} --json`);
    expect(code, err).toBe(0);
    expect(json).toMatchObject(states);
    expect(json.flatMap((one) => misfits(strict(schemas[name]), one))).toEqual([]);
  });

  test('says it to people', async () => {
    const { out } = await dreamos(line);
    expect(out).toMatch(/unsigned/);
    expect(out).toMatch(/INVALID SIGNATURE|Signature: +INVALID: it was changed since it was signed/);
    expect(out).toMatch(/verified/);
  });
});

test('show says it, with --json and to people', async () => {
  for (const [i, id] of Object.values(ids).entries()) {
    const { json } = await dreamos(`show ${id} --json`);
    expect(json).toMatchObject([states[i]]);
    expect(misfits(strict(schemas.show), json[0])).toEqual([]);
  }
  expect((await dreamos(`show ${ids.invalid}`)).out).toMatch(
    /Signature: +INVALID: it was changed since it was signed\n/,
  );
  expect((await dreamos(`show ${ids.verified}`)).out).toMatch(/Signature: +verified\n/);
});

test('the body alone is handed out with a warning, and where signatures are required only if it is verified', async () => {
  const warned = await dreamos(`show ${ids.invalid} --body`);
  expect(warned).toMatchObject({ code: 0, out: 'hullo' });
  expect(warned.err).toBe(`Warning: The signature of message ${ids.invalid} from planner is not valid: ${fault}.\n`);
  await set('require');
  expect(await dreamos(`show ${ids.verified} --body`)).toMatchObject({ code: 0, out: 'hello', err: '' });
  const refused = await dreamos(`show ${ids.invalid} --body`);
  expect(refused).toMatchObject({ code: 9, out: '' });
  expect(refused.err).toContain(`Next: dreamos show ${ids.invalid}`);
  expect(await dreamos(`show ${ids.unsigned} --body`)).toMatchObject({ code: 9, out: '' });
});

test('read names what it is told to name, and ends with 9 where that is refused', async () => {
  await set('require');
  const { code, err, out } = await dreamos(`read reviewer --id ${ids.invalid} --json`);
  expect([code, out]).toEqual([9, '']);
  expect(
    err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { warning: { message: expect.stringContaining('in the dead-letter queue of reviewer') as string } },
    { error: { code: 'SIGNATURE_INVALID', hint: `dreamos show ${ids.invalid}` } },
  ]);
  expect((await dreamos('read reviewer --json')).json).toMatchObject([{ message: { id: ids.verified } }]);
  const { json } = await dreamos('dlq list reviewer --json');
  expect(json.map(({ reason }) => String(reason)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    `SIGNATURE_INVALID: ${fault}`,
    'SIGNATURE_MISSING: it is not signed',
  ]);
  expect(json.flatMap((one) => misfits(strict(schemas.dlq), one))).toEqual([]);
  const reason = await dreamos(['dlq', 'retry', 'reviewer', '--reason', 'SIGNATURE_MISSING', '--all'].join(' '));
  expect(reason.code).toBe(0);
});

test('a reader in few words is told it, too', async () => {
  expect((await dreamos('read reviewer --brief')).out).toMatch(/^planner \(unsigned\): /);
});

test('an archived and a dead one say it', async () => {
  await dreamos('read reviewer --ack');
  expect((await dreamos(`archive show ${ids.unsigned}`)).out).toMatch(/Signature: +unsigned\n/);
  expect((await dreamos('archive list reviewer --json')).json).toMatchObject([{ signature: 'unsigned' }]);
  const [delivery] = (await dreamos('read reviewer --json')).json;
  await dreamos(`nack ${String(delivery?.['receipt'])} --dead`);
  expect((await dreamos(`dlq show reviewer ${ids.invalid}`)).out).toContain(`INVALID: ${fault}`);
});

test('who cannot sign is refused with 9, and told what to type', async () => {
  await set('require');
  const { code, err } = await rig.dreamos('send reviewer hello --as planner', {
    env: { DREAMOS_CONFIG_HOME: scratch() },
  });
  expect(code).toBe(9);
  expect(err).toContain('Next: dreamos identity create planner');
});
