import { expect, test } from 'vitest';
import { parseAddress, parsePlace, parseStore, placeText } from '../../../src/storage/engine/address.ts';
import { DreamosError } from '../../../src/model/errors.ts';

test.for([
  ['redis://localhost', 'redis://localhost:6379/0'],
  ['redis://Host.Example:6380/3', 'redis://host.example:6380/3'],
  ['redis://host/?db=2', 'redis://host:6379/2'],
  ['rediss://host:6380', 'rediss://host:6380/0'],
  ['redis://[::1]:7000/1', 'redis://[::1]:7000/1'],
  ['redis://one,two:6380,three/1', 'redis://one:6379,two:6380,three:6379/1'],
  ['valkey://host', 'redis://host:6379/0'],
  ['valkeys://host', 'rediss://host:6379/0'],
  ['redis+unix:///run/redis.sock', 'redis+unix:///run/redis.sock'],
  ['redis+unix:///run/redis.sock?db=0', 'redis+unix:///run/redis.sock'],
  ['redis+unix:/run/redis.sock', 'redis+unix:///run/redis.sock'],
  ['unix:/run/redis.sock', 'redis+unix:///run/redis.sock'],
  ['unix:///run/redis.sock?db=4', 'redis+unix:///run/redis.sock?db=4'],
  ['redis+socket:///run/redis.sock?virtual_host=4', 'redis+unix:///run/redis.sock?db=4'],
  ['valkey+unix:///run/user@1000/a%20b.sock', 'redis+unix:///run/user@1000/a%20b.sock'],
] as const)('%s is %s, and so is that', ([said, text]) => {
  const address = parseAddress(said);
  expect(address.text).toBe(text);
  expect(parseAddress(text)).toEqual(address);
  expect(parsePlace(`${said}#01ABC`)).toEqual({ address, id: '01ABC' });
  expect(placeText(parsePlace(`${said}#01ABC`))).toBe(`${text}#01ABC`);
  expect(parseStore(said)).toEqual({ address, id: undefined });
});

test('it says what to connect to', () => {
  expect(parseAddress('rediss://one,two:1/7')).toMatchObject({
    tls: true,
    hosts: [
      { host: 'one', port: 6379 },
      { host: 'two', port: 1 },
    ],
    db: 7,
  });
  expect(parseAddress('unix:///a%20b.sock?db=2')).toMatchObject({ tls: false, hosts: [], socket: '/a b.sock', db: 2 });
});

const secret = 'hunter2';

test.for([
  `redis://:${secret}@host`,
  `redis://user:${secret}@host:6379/0`,
  `redis://${secret}@host`,
  `redis://default:${secret}#x@host`,
  `redis://default:p/${secret}@host`,
  `redis:/x:${secret}@host`,
  `redis://host?password=${secret}`,
  `rediss://host/0?user=u&password=${secret}`,
  `redis+unix://:${secret}@/run/redis.sock`,
  `unix://u:p/${secret}@/run/redis.sock`,
  `redis+unix:///run/redis.sock?password=${secret}`,
  `redis://:${secret}@host#01ABC`,
])('one that holds a password is refused, and not said again: %s', (said) => {
  for (const parse of [parseAddress, parsePlace, parseStore]) {
    const error = refused(() => parse(said));
    expect(error.code).toBe('USAGE');
    expect(`${error.message} ${error.hint}`).not.toContain(secret);
    expect(error.hint).toContain('DREAMOS_STORE_PASSWORD_FILE');
  }
});

test.for([
  'redis://',
  'redis://host:0',
  'redis://host:65536',
  'redis://host/x',
  'redis://host/0/1',
  'redis://host/1?db=2',
  'redis://host?timeout=5',
  'redis://ho st',
  'redis://one,,two',
  'redis+unix://run/redis.sock',
  'redis+unix:///run/',
  'redis+unix:///%zz',
  'postgres://host/db',
  'host:6379',
  'redis://host#not an id',
  '',
])('what is none is refused with one to type: %s', (said) => {
  const error = refused(() => parseStore(said));
  expect(error.code).toBe('USAGE');
  expect(error.hint).toContain('redis://localhost:6379/0');
});

test('a root is named by its id, and an engine without', () => {
  expect(refused(() => parsePlace('redis://host')).hint).toMatch(/dreamos init --store redis:\/\/host:6379\/0$/);
  expect(refused(() => parseAddress('redis://host#01ABC')).code).toBe('USAGE');
});

function refused(parse: () => unknown): DreamosError {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(DreamosError);
    return error as DreamosError;
  }
  throw new Error('It was taken.');
}
