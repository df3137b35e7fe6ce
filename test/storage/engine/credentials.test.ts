import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/storage/engine/address.ts';
import { credentialsFor } from '../../../src/storage/engine/credentials.ts';
import { scratch } from '../../scratch.ts';
import { refusal } from '../contract/rig.ts';

const address = parseAddress('redis://host:6379/3');

/** A user's folder with what stores.json says, and the environment of who has it. */
function home(stores?: unknown, mode = 0o600): { env: Record<string, string>; file: string } {
  const dir = scratch();
  const file = join(dir, '.config', 'dreamos', 'stores.json');
  mkdirSync(join(dir, '.config', 'dreamos'), { recursive: true });
  if (stores !== undefined) {
    writeFileSync(file, typeof stores === 'string' ? stores : JSON.stringify(stores));
    chmodSync(file, mode);
  }
  return { env: { HOME: dir }, file };
}

test('nothing is said of it: the engine asks for nothing', async () => {
  expect(await credentialsFor(address, home().env)).toEqual({});
});

test('the environment says it, or the first line of the file that it names', async () => {
  const { env } = home();
  const file = join(scratch(), 'password');
  writeFileSync(file, 'from file\n');
  expect(await credentialsFor(address, { ...env, DREAMOS_STORE_PASSWORD_FILE: file })).toEqual({
    password: 'from file',
  });
  const both = { ...env, DREAMOS_STORE_PASSWORD_FILE: file, DREAMOS_STORE_PASSWORD: 'said', DREAMOS_STORE_USER: 'bob' };
  expect(await credentialsFor(address, both)).toEqual({ username: 'bob', password: 'said' });
});

test('stores.json says it of each engine, whatever the database', async () => {
  const stores = {
    'redis://other': { password: 'no' },
    'rediss://host:6379/3': { password: 'no' },
    'redis://host': { user: 'dreamos', password: 'yes' },
    'redis+unix:///run/redis.sock': { password: 'socket' },
  };
  const { env } = home(stores);
  expect(await credentialsFor(address, env)).toEqual({ username: 'dreamos', password: 'yes' });
  expect(await credentialsFor(parseAddress('unix:///run/redis.sock?db=1'), env)).toEqual({ password: 'socket' });
  expect(await credentialsFor(parseAddress('redis://third'), env)).toEqual({});
  // What the environment says comes first.
  expect(await credentialsFor(address, { ...env, DREAMOS_STORE_PASSWORD: 'said' })).toEqual({ password: 'said' });
});

test.for([
  ['{', 'CONFIG_INVALID'],
  ['[]', 'CONFIG_INVALID'],
  [{ 'redis://host': 'yes' }, 'CONFIG_INVALID'],
  [{ 'redis://host': { password: 5 } }, 'CONFIG_INVALID'],
  [{ 'redis://:hunter2@host': { password: 'x' } }, 'CONFIG_INVALID'],
] as const)('one that says something else is refused, and nothing of it is told: %j', async ([stores, code]) => {
  const { env, file } = home(stores);
  const error = await refusal(credentialsFor(address, env));
  expect(error.code).toBe(code);
  expect(error.message).toContain(file);
  expect(`${error.message} ${error.hint}`).not.toMatch(/hunter2|yes/);
});

test('one that others may read is refused, with what mends it', async () => {
  const { env, file } = home({ 'redis://host': { password: 'hunter2' } }, 0o640);
  const error = await refusal(credentialsFor(address, env));
  expect(error).toMatchObject({ code: 'UNAUTHENTICATED', kind: 'denied', hint: `chmod 600 ${file}` });
});

test('a file that is named and not there is said', async () => {
  const env = { ...home().env, DREAMOS_STORE_PASSWORD_FILE: '/nowhere/password' };
  const error = await refusal(credentialsFor(address, env));
  expect(error).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
});
