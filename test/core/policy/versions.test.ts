import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openRoot } from '../../../src/core/open-root.ts';
import { keepNext } from '../../../src/core/root/revisions.ts';
import type { Dreamos } from '../../../src/library/dreamos.ts';
import { init, open } from '../../../src/library/library.ts';
import type { Policy } from '../../../src/model/security/policy.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { gather } from '../rig.ts';

afterAll(removeScratch);

const all = { allow: { '*': ['*'] } };
const first: Policy = { roles: { all }, everyone: ['all'] };
const second: Policy = {
  roles: { all, own: { allow: { read: ['$self'], look: ['*'] }, deny: { send: ['secret-*'] } } },
  everyone: ['own'],
  agents: { lead: ['all'] },
};

let root: string;
let warnings: string[];
let mail: Dreamos;
const who = () => ({ root, as: 'lead', env: {}, warn: (message: string) => void warnings.push(message) });
beforeEach(async () => {
  root = scratch();
  warnings = [];
  mail = await init({ ...who(), agents: ['lead', 'ann'] });
});
const file = (): string => join(mail.path, 'policy.json');
const write = (policy: unknown): void =>
  writeFileSync(file(), typeof policy === 'string' ? policy : JSON.stringify(policy), { mode: 0o600 });
const states = async (): Promise<string[]> =>
  (await mail.policy.history()).map(({ version, state, by, byHand }) => `${version} ${state} ${byHand ? 'hand' : by}`);

describe('the history of a policy', () => {
  test('has each version, the newest first, with who made it and which rules it has changed', async () => {
    expect(await mail.policy.history()).toEqual([]);
    await mail.policy.set(first, { note: 'to begin' });
    await mail.policy.set(second);
    const [now, before] = await mail.policy.history();
    expect(before).toMatchObject({ version: 1, by: 'lead', note: 'to begin', byHand: false, state: 'replaced' });
    expect(before?.changes).toEqual([
      { key: 'roles.all.allow.*', from: null, to: ['*'] },
      { key: 'everyone', from: null, to: ['all'] },
    ]);
    expect(now).toMatchObject({ version: 2, state: 'in force', note: null });
    expect(now?.changes).toEqual([
      { key: 'everyone', from: ['all'], to: ['own'] },
      { key: 'roles.own.allow.read', from: null, to: ['$self'] },
      { key: 'roles.own.allow.look', from: null, to: ['*'] },
      { key: 'roles.own.deny.send', from: null, to: ['secret-*'] },
      { key: 'agents.lead', from: null, to: ['all'] },
    ]);
    expect(await mail.policy.history({ limit: 1 })).toHaveLength(1);
  });

  test('says of a version that was killed before it was in place that it was undone', async () => {
    await mail.policy.set(first);
    const session = await openRoot({ root, as: 'lead', env: {} });
    await keepNext(session, 'policy', second, { base: 1 });
    await session.close();
    expect(await states()).toEqual(['2 undone lead', '1 in force lead']);
    await mail.policy.set(second);
    expect(await states()).toEqual(['3 in force lead', '2 undone lead', '1 replaced lead']);
  });

  test('is seen by who may look, and changed by who may administer', async () => {
    await mail.policy.set(second);
    const ann = mail.as('ann');
    expect(await ann.policy.history()).toHaveLength(1);
    expect(await ann.policy.diff(0)).not.toEqual([]);
    for (const refused of [ann.policy.rollback(0), ann.policy.remove(), ann.policy.set(first)])
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await mail.policy.show()).toMatchObject({ policy: second, version: 1 });
  });
});

describe('a difference', () => {
  test('is from one version to another, or to what is in force, or what the last change was', async () => {
    await mail.policy.set(first);
    await mail.policy.set({ ...first, agents: { ann: ['all'] } });
    await mail.policy.set({ ...first, agents: { ann: ['all'], bob: ['all'] } });
    const added = (name: string) => ({ key: `agents.${name}`, from: null, to: ['all'] });
    expect(await mail.policy.diff()).toEqual([added('bob')]);
    expect(await mail.policy.diff(1)).toEqual([added('ann'), added('bob')]);
    expect(await mail.policy.diff(1, 2)).toEqual([added('ann')]);
    expect(await mail.policy.diff(2, 2)).toEqual([]);
    expect(await mail.policy.diff(1, 0)).toContainEqual({ key: 'everyone', from: ['all'], to: null });
    await expect(mail.policy.diff(9)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: 'There is no version 9 of the policy: there are 1 to 3.',
    });
  });
});

describe('a rollback', () => {
  test('makes a new version of what an earlier one said', async () => {
    await mail.policy.set(first);
    await mail.policy.set(second);
    expect(await mail.policy.rollback(1)).toMatchObject({ version: 3, note: 'rollback to 1', state: 'in force' });
    expect(await mail.policy.show()).toMatchObject({ policy: first, version: 3, by: 'lead' });
    expect(await mail.policy.rollback(1, { note: 'again' })).toMatchObject({ version: 3, note: 'rollback to 1' });
    await mail.policy.rollback(2, { ifVersion: 3 });
    await expect(mail.policy.rollback(1, { ifVersion: 3 })).rejects.toMatchObject({ code: 'STATE_CHANGED' });
    await expect(mail.policy.set(first, { ifVersion: 3 })).rejects.toMatchObject({
      code: 'STATE_CHANGED',
      hint: 'What has changed: dreamos policy diff 3 4',
    });
    expect(await mail.policy.show()).toMatchObject({ policy: second, version: 4 });
  });

  test('is refused where the old one could not be set any more, and nothing is changed', async () => {
    await mail.agent.register({ name: 'boss' });
    await mail.policy.set({ ...second, agents: { boss: ['all'] } });
    await mail.as('boss').policy.set(first);
    await mail.agent.delete('boss');
    await expect(mail.policy.rollback(1)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'Version 1 of the policy cannot be used: nobody who is registered could change it again, only "boss".',
    });
    await expect(mail.policy.rollback(7)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    expect(await mail.policy.show()).toMatchObject({ policy: first, version: 2 });
  });

  test('is refused where one of its own tests fails, and doctor says so while that holds', async () => {
    write({ ...first, tests: [{ as: 'ann', verb: 'send', mailbox: 'lead', allowed: false }] });
    const fails = expect.stringMatching(/^1 of the policy's own tests fails: ann should not be allowed "send" in lead/);
    expect(await gather(mail.doctor())).toMatchObject([
      { rule: 'policy', level: 'warning', message: fails, hint: `dreamos policy test ${file()}` },
    ]);
    await mail.policy.set(first);
    await expect(mail.policy.rollback(1)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: 'Other versions: dreamos policy history; or one that is mended: dreamos policy set <file>',
    });
  });

  test('of a root that never had a policy says so', async () => {
    await expect(mail.policy.rollback(0)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await mail.policy.remove()).toMatchObject({ policy: null, version: null, byHand: false });
    expect(readdirSync(mail.path)).not.toContain('in-force.json');
  });
});

describe('removed', () => {
  test('it holds no more, is a version like any other, and doctor has nothing to say', async () => {
    await mail.policy.set(second);
    await expect(mail.as('ann').send({ to: 'lead', body: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await mail.policy.remove({ note: 'one is left' })).toMatchObject({
      ...{ policy: null, version: 2, by: 'lead', note: 'one is left', byHand: false, broken: false },
    });
    expect(readdirSync(mail.path).filter((name) => name.startsWith('policy'))).toEqual([]);
    await mail.as('ann').send({ to: 'lead', body: 'x' });
    const other = await open(who());
    await other.as('ann').send({ to: 'lead', body: 'x' });
    expect(await other.policy.show()).toMatchObject({ policy: null, version: 2 });
    expect(await gather(other.doctor())).toEqual([]);
    expect(await gather(other.maintain())).toEqual([]);
    expect((await mail.policy.remove()).version).toBe(2);
    expect(await states()).toEqual(['2 in force lead', '1 replaced lead']);
    const [removed, set] = await mail.policy.history();
    expect([removed?.removed, set?.removed]).toEqual([true, undefined]);
    expect(removed?.changes).toContainEqual({ key: 'everyone', from: ['own'], to: null });
    expect(await mail.policy.rollback(1)).toMatchObject({ version: 3, state: 'in force' });
    await expect(mail.as('ann').send({ to: 'lead', body: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await mail.policy.rollback(2)).toMatchObject({ version: 4 });
    expect(await mail.policy.show()).toMatchObject({ policy: null, version: 4, note: 'rollback to 2' });
  });

  test('what runs goes by it a moment later', async () => {
    await mail.policy.set(second);
    const other = await open(who());
    const ann = other.as('ann');
    await expect(ann.send({ to: 'lead', body: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await mail.policy.remove();
    await rest(60);
    // It may be an editor that saves.
    await expect(ann.send({ to: 'lead', body: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await rest(1100);
    await ann.send({ to: 'lead', body: 'x' });
  });

  test('by who was killed before the file was gone it was undone; behind that it is removed', async () => {
    await mail.policy.set(second);
    const session = await openRoot({ root, as: 'lead', env: {} });
    await keepNext(session, 'policy', undefined, { base: 1 });
    expect(await states()).toEqual(['2 undone lead', '1 in force lead']);
    rmSync(file());
    await session.close();
    const other = await open(who());
    expect(await other.policy.show()).toMatchObject({ policy: null, version: 2 });
    expect(await gather(other.doctor())).toEqual([]);
    await other.policy.remove();
    expect(JSON.parse(readFileSync(join(mail.path, 'in-force.json'), 'utf8'))).toEqual({ policy: 2 });
  });

  test('what cannot be used is removed, too, and kept', async () => {
    await mail.policy.set(second);
    write('{"roles":');
    const other = await open(who());
    expect(await other.policy.remove()).toMatchObject({ policy: null, version: 2 });
    expect(JSON.parse(readFileSync(join(mail.path, 'config/policy/2.json'), 'utf8'))).toMatchObject({
      ...{ removed: true, base: 1, replaced: '{"roles":' },
    });
  });
});

describe('by hand', () => {
  test('an edit is kept as a version by maintain, and told until then', async () => {
    await mail.policy.set(second);
    write(first);
    expect(await mail.policy.history()).toMatchObject([{ version: 1, state: 'replaced' }]);
    expect(warnings.splice(0)).toEqual([
      `${file()} was edited by hand since version 1: in force, and kept as a version by the next dreamos maintain.`,
    ]);
    expect(await mail.policy.diff()).toContainEqual({ key: 'everyone', from: ['own'], to: ['all'] });
    const finding = { rule: 'policy', level: 'info', hint: 'dreamos maintain', fixed: false };
    expect(await gather(mail.doctor())).toMatchObject([finding]);
    expect(await gather(mail.maintain({ dryRun: true }))).toEqual([{ task: 'policy', count: 1, dryRun: true }]);
    expect(await gather(mail.maintain())).toEqual([{ task: 'policy', count: 1 }]);
    expect(await gather(mail.maintain())).toEqual([]);
    expect(await states()).toEqual(['2 in force hand', '1 replaced lead']);
    expect(await gather(mail.doctor())).toEqual([]);
  });

  test('also one that says what an earlier version said', async () => {
    await mail.policy.set(first);
    await mail.policy.set(second);
    write(first);
    await gather(mail.maintain());
    expect(await states()).toEqual(['3 in force hand', '2 replaced lead', '1 replaced lead']);
    write(second);
    expect(await gather(mail.doctor({ fix: true }))).toMatchObject([{ rule: 'policy', level: 'info', fixed: true }]);
    expect((await states())[0]).toBe('4 in force hand');
  });

  test('taken away it is said by doctor until somebody has it again, or removes it', async () => {
    await mail.policy.set(second);
    rmSync(file());
    const other = await open(who());
    expect(await other.policy.show()).toMatchObject({ policy: null, version: null, byHand: true });
    expect(await gather(other.maintain())).toEqual([]);
    expect(await gather(other.doctor())).toMatchObject([
      {
        ...{ rule: 'policy', level: 'warning' },
        hint: 'To have it again: dreamos policy rollback 1; if that was meant: dreamos policy remove',
      },
    ]);
    await other.policy.history();
    expect(warnings.at(-1)).toContain('was taken away by hand since version 1, so everybody may everything.');
    expect(await other.policy.rollback(1)).toMatchObject({ version: 3 });
    rmSync(file());
    const third = await open(who());
    expect(await third.policy.remove()).toMatchObject({ policy: null, version: 4, byHand: true });
    expect(await gather(third.doctor())).toEqual([]);
  });

  test('what cannot be used is told with the version that holds', async () => {
    await mail.policy.set(first);
    write('{');
    const other = await open(who());
    expect(await gather(other.doctor())).toMatchObject([
      {
        ...{ rule: 'policy', level: 'problem' },
        message: expect.stringMatching(/What it said before stays in force\.$/),
        hint: 'Mend it there; or back to version 1, which is in force: dreamos policy rollback 1',
      },
    ]);
    expect(await other.policy.diff(1)).toEqual([]);
    expect(await other.policy.rollback(1)).toMatchObject({ version: 2 });
    expect(await gather(other.doctor())).toEqual([]);
  });
});
