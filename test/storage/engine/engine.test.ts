/** Roots in an engine, with one that keeps its mail in the memory of this process. */
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { parseStore, placeText } from '../../../src/storage/engine/address.ts';
import { initInEngine, openInEngine, placeFrom, placeOf } from '../../../src/storage/engine/engine.ts';
import type { Engine, EngineDeps, PlaceToOpen } from '../../../src/storage/engine/place.ts';
import { engineLost, engineUnreachable } from '../../../src/storage/engine/refusals.ts';
import { findRoot } from '../../../src/storage/engines.ts';
import { findFileRoot } from '../../../src/storage/file/find-root.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
import { fileMoveSource } from '../../../src/storage/file/move/source.ts';
import { restoreFileStore } from '../../../src/storage/file/restore/restore.ts';
import { createMail, type Mail } from '../../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../../src/storage/memory/store.ts';
import type { Finding } from '../../../src/storage/port/upkeep.ts';
import { gather } from '../../core/rig.ts';
import { scratch } from '../../scratch.ts';
import { refusal } from '../contract/rig.ts';

const place = join('runtime', 'agent_comms');
const address = 'redis://localhost:6379/0';
const store = parseStore(address);

let dir: string;
let env: Record<string, string>;
let opened: (PlaceToOpen & Pick<EngineDeps, 'patienceMs'>)[];
let roots: Map<string, Mail>;
let engine: Engine;
beforeEach(() => {
  dir = realpathSync(scratch());
  env = { HOME: dir, DREAMOS_STORE_PASSWORD: 'hunter2' };
  opened = [];
  roots = new Map();
  const known = (asked: PlaceToOpen, { patienceMs }: EngineDeps): string => {
    opened.push({ ...asked, patienceMs });
    return `${asked.address}#${asked.id}`;
  };
  engine = {
    init: async (asked, deps) => {
      const key = known(asked, deps);
      const created = !roots.has(key);
      if (created) roots.set(key, createMail());
      return { id: asked.id, created };
    },
    open: async (asked, deps) => {
      const mail = roots.get(known(asked, deps));
      if (!mail) throw engineLost(asked.address, 'it does not have this root');
      return createMemoryStore({ clock: deps.clock, ids: deps.ids }, mail);
    },
    moveFrom: () => Promise.reject(new Error('nothing is moved here')),
    moveTo: () => Promise.reject(new Error('nothing is moved here')),
  };
});

const deps = { clock: systemClock, ids: createIds(), warn: () => undefined };

test('init makes a folder that only says where the mail is, without the password, and nothing is written over', async () => {
  const made = await initInEngine(engine, store, { cwd: dir, env });
  expect(made).toMatchObject({ path: join(dir, place), engine: 'redis', created: true });
  expect(readdirSync(made.path).sort()).toEqual(['.gitignore', 'format.json']);
  const text = readFileSync(join(made.path, 'format.json'), 'utf8');
  const id = opened[0]?.id ?? '';
  expect(JSON.parse(text)).toEqual({ format: 'dreamos', version: 2, engine: 'redis', address, id });
  expect(opened).toEqual([{ address, id, password: 'hunter2', patienceMs: 2000 }]);
  expect(await initInEngine(engine, store, { cwd: dir, env })).toMatchObject({ path: made.path, created: false });
  expect(readFileSync(join(made.path, 'format.json'), 'utf8')).toBe(text);
  expect(roots.size).toBe(1);
});

test('it is found by its folder and by its address, and both open the same', async () => {
  const { path } = await initInEngine(engine, store, { cwd: dir, env });
  const found = await findRoot({ cwd: dir, env: {} });
  expect(found).toMatchObject({ path, at: { address: { text: address } } });
  const byAddress = await findRoot({ root: placeText(found.at!), cwd: undefined, env: {} });
  expect(byAddress).toEqual({ path: found.address, address: placeText(found.at!), at: found.at });
  expect(await findRoot({ cwd: undefined, env: { DREAMOS_ROOT: byAddress.path } })).toEqual(byAddress);
  for (const { at } of [found, byAddress]) {
    const one = await openInEngine(engine, at!, { ...deps, env });
    await one.documents.put('subscriptions', { seen: true }, (await one.documents.get('subscriptions'))?.version);
    expect((await one.documents.get('subscriptions'))?.value).toEqual({ seen: true });
  }
});

test('how long it may be away, its durability and its replicas are handed on', async () => {
  const how = { durability: 'relaxed', replicas: 2 } as const;
  const { path } = await initInEngine(engine, store, {
    cwd: dir,
    env: { ...env, DREAMOS_ENGINE_TIMEOUT: '150ms' },
    ...how,
  });
  expect(opened).toMatchObject([{ ...how, patienceMs: 150 }]);
  const { descriptor } = await findFileRoot({ cwd: dir, env: {} });
  expect(placeFrom(path, descriptor!).at).toMatchObject(how);
  await openInEngine(engine, placeFrom(path, descriptor!).at, { ...deps, env });
  expect(opened[1]).toMatchObject({ ...how, patienceMs: 2000 });
});

test('repeated, it compares what it is to promise', async () => {
  const init = (how: { durability?: 'full' | 'relaxed'; replicas?: number }) =>
    initInEngine(engine, store, { cwd: dir, env, ...how });
  await init({ replicas: 2 });
  for (const how of [{}, { replicas: 2 }, { durability: 'full' }] as const)
    expect(await init(how)).toMatchObject({ created: false });
  for (const how of [{ replicas: 1 }, { durability: 'relaxed' }] as const)
    expect(await refusal(init(how))).toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringMatching(/, with the durability full, on 2 replicas\.$/) as string,
    });
});

test('one that is there already is joined from another folder, and one that is not is refused', async () => {
  await initInEngine(engine, store, { cwd: dir, env });
  const id = opened[0]?.id ?? '';
  const other = realpathSync(scratch());
  const joined = await initInEngine(engine, parseStore(`${address}#${id}`), { cwd: other, env });
  expect(joined).toMatchObject({ created: true, descriptor: { id } });
  // It keeps what it was made with.
  for (const how of [{ durability: 'relaxed' }, { replicas: 1 }] as const) {
    const said = initInEngine(engine, parseStore(`${address}#${id}`), { cwd: realpathSync(scratch()), env, ...how });
    expect(await refusal(said)).toMatchObject({ code: 'USAGE' });
  }
  const lost = initInEngine(engine, parseStore(`${address}#01NONE`), { cwd: realpathSync(scratch()), env });
  expect(await refusal(lost)).toMatchObject({ code: 'ENGINE_LOST', kind: 'unreachable' });
});

test('an engine that is away leaves no folder behind', async () => {
  engine = { ...engine, init: () => Promise.reject(engineUnreachable(address, 'connection refused')) };
  const refused = await refusal(initInEngine(engine, store, { cwd: dir, env }));
  expect(refused).toMatchObject({ code: 'ENGINE_UNREACHABLE', kind: 'unreachable' });
  expect(readdirSync(dir)).toEqual([]);
});

test('what somebody has put into its folder is told, since nobody reads it', async () => {
  const { path, descriptor } = await initInEngine(engine, store, { cwd: dir, env });
  const { at } = placeFrom(path, descriptor!);
  const findings = async (folder: string | undefined): Promise<Finding[]> => {
    const { upkeep } = await openInEngine(engine, at, { ...deps, env, folder });
    const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 };
    return gather(upkeep!.inspect({ fix: false, policies: new Map(), policy }));
  };
  writeFileSync(join(path, 'server.sock'), '');
  expect(await findings(path)).toEqual([]);
  writeFileSync(join(path, 'config.json'), '{}');
  expect(await findings(path)).toMatchObject([{ rule: 'engine-folder', level: 'warning' }]);
  expect((await findings(path))[0]?.message).toContain(`config.json in ${path}`);
  expect(await findings(undefined)).toEqual([]);
});

test('of two that make it at once both have the same root', async () => {
  const both = await Promise.all([1, 2].map(() => initInEngine(engine, store, { cwd: dir, env })));
  expect(new Set(both.map(({ descriptor }) => JSON.stringify(descriptor))).size).toBe(1);
  expect(both.filter(({ created }) => created)).toHaveLength(1);
});

test('a root that keeps its mail elsewhere is not made one of an engine', async () => {
  const files = await initFileStore({ cwd: dir, env: {} });
  const refused = await refusal(initInEngine(engine, store, { cwd: dir, env }));
  expect(refused).toMatchObject({ code: 'ALREADY_EXISTS', kind: 'conflict' });
  expect(refused.message).toContain('in files');
  expect(refused.hint).toContain(`--root ${files.path}`);
  const other = realpathSync(scratch());
  await initInEngine(engine, store, { cwd: other, env });
  const elsewhere = await refusal(initInEngine(engine, parseStore('redis://two'), { cwd: other, env }));
  expect(elsewhere.code).toBe('ALREADY_EXISTS');
});

test('who takes its folder for one of files moves nothing away', async () => {
  const { path } = await initInEngine(engine, store, { cwd: dir, env });
  const before = readFileSync(join(path, 'format.json'), 'utf8');
  const source = await fileMoveSource({ cwd: dir, env: {} });
  for (const move of [() => source.begin('file:/nowhere'), () => source.dump(async () => undefined, {})])
    expect(await refusal(move())).toMatchObject({ code: 'STATE_CHANGED' });
  expect(readdirSync(join(dir, 'runtime'))).toEqual(['agent_comms']);
  expect(readFileSync(join(path, 'format.json'), 'utf8')).toBe(before);
});

test('a backup is not put in its place', async () => {
  const { path } = await initInEngine(engine, store, { cwd: dir, env });
  const refused = await refusal(restoreFileStore(join(dir, 'none.tar.gz'), { cwd: dir, env: {} }));
  expect(refused).toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(existsSync(join(path, 'format.json'))).toBe(true);
});

test.for([
  [{ address: undefined }, /at which address/],
  [{ address: 'redis://:hunter2@host' }, /holds a user or a password/],
  [{ address: 'nowhere' }, /is no address/],
  [{ id: '../x' }, /which root/],
  [{ id: 5 }, /which root/],
  [{ durability: 'none' }, /durability/],
  [{ replicas: -1 }, /replicas/],
] as const)('a descriptor that was spoilt is refused, without a password: %j', async ([spoilt, why]) => {
  const { path } = await initInEngine(engine, store, { cwd: dir, env });
  const file = join(path, 'format.json');
  const before = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...before, ...spoilt }));
  const refused = await refusal(findRoot({ cwd: dir, env: {} }));
  expect(refused).toMatchObject({ code: 'FORMAT_UNKNOWN', kind: 'invalid' });
  expect(refused.message).toMatch(why);
  expect(refused.message).toContain(file);
  expect(`${refused.message} ${refused.hint}`).not.toContain('hunter2');
});

test('what is of a new root is not said of one that is there', async () => {
  for (const how of [{ store: address }, { durability: 'relaxed' }, { replicas: 1 }] as const)
    expect((await refusal(Promise.resolve().then(() => placeOf(`${address}#01A`, how)))).code).toBe('USAGE');
});
