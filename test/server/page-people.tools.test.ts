/** The views of agents, tasks, topics, schedules, and of what the doctor, the audit and the alerts say: real processes, a real browser. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { demand, said, skips } from '../lack.ts';
import { faultsAt, faultsOf, settled } from './page/axe.ts';
import { bareViews, makeTask, peopled } from './page/people.ts';
import { forgiveRefusals, lack, type Opened, test } from './page/rig.ts';

beforeAll(() => demand(lack));

/** Many commands have made what is looked at; milliseconds. */
const timeout = 240_000;

/** A column of the board. */
const column = (page: Opened, state: string) => page.locator(`.board > section[data-state=${state}]`);
const button = (page: Opened, name: string | RegExp) => page.getByRole('button', { name });

describe.skipIf(skips(lack))(said('people and tasks on the page', lack), () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(
      `are good for everybody in ${colorScheme}, and as narrow as 320 pixels`,
      { timeout },
      async ({ rig, serve, open }) => {
        const views = await peopled(rig);
        const page = await open(rig, await serve(rig), { colorScheme });
        expect(await faultsAt(page, views)).toEqual([]);
        await page.goTo(views.find(([name]) => name === 'task-failed')?.[1] ?? '');
        await button(page, 'Retry').click();
        await page.getByText('It is to be done again').waitFor();
        await button(page, 'Assign').click();
        await page.getByRole('dialog').getByText('Give').first().waitFor();
        expect(await faultsOf(page)).toEqual([]);
      },
    );
  }

  test('say what to type where there is nothing', async ({ rig, serve, open }) => {
    const page = await open(rig, await serve(rig));
    expect(await faultsAt(page, bareViews)).toEqual([]);
    for (const [hash, command] of [
      ['/tasks', 'dreamos task create'],
      ['/tasks?agent=planner', 'dreamos task next --as planner'],
      ['/tasks/ended', 'dreamos task done'],
      ['/topics', 'dreamos publish'],
      ['/schedules', 'dreamos schedule add'],
    ] as const) {
      await page.goTo(hash);
      await page.locator('.empty pre', { hasText: command }).waitFor();
    }
    await page.goTo('/doctor');
    await page.getByText('Nothing is wrong').waitFor();
    // The one that is not there.
    forgiveRefusals(page);
  });

  test('have a task that is moved in a terminal move on the board', async ({ rig, serve, open }) => {
    await rig.dreamos('agent start reviewer');
    const page = await open(rig, await serve(rig));
    await page.goTo('/tasks');
    await page.getByText('Nothing is to be done').waitFor();
    const first = await makeTask(rig, '--title', 'First of all');
    await column(page, 'assigned').getByText('First of all').waitFor();
    expect(await column(page, 'assigned').locator('.who').textContent()).toBe('reviewer');
    const second = await makeTask(rig, '--title', 'After that', '--depends-on', first);
    const waits = column(page, 'blocked').locator('.card', { hasText: 'After that' });
    expect(await waits.getByRole('link', { name: 'First of all' }).getAttribute('href')).toBe(`#/task/${first}`);
    await column(page, 'assigned').getByText('1 task waits for it').waitFor();
    await rig.dreamos(['task', 'accept', first, '--as', 'reviewer']);
    await column(page, 'active').getByText('First of all').waitFor();
    await rig.dreamos(['task', 'progress', first, '--percent', '70', '--as', 'reviewer']);
    await column(page, 'active').getByText('70 %').waitFor();
    await rig.dreamos(['task', 'done', first, '--result', 'well', '--as', 'reviewer']);
    await column(page, 'assigned').getByText('After that').waitFor();
    expect(await page.locator('.board').getByText('First of all').count()).toBe(0);
    await rig.dreamos(['task', 'accept', second, '--as', 'reviewer']);
    await rig.dreamos(['task', 'fail', second, '--reason', 'no network', '--as', 'reviewer']);
    await column(page, 'failed').getByText('no network').waitFor();
    await page.getByRole('link', { name: 'Ended' }).click();
    await page.getByRole('row', { name: 'First of all' }).getByText('done').waitFor();
  });

  test('let a task be made, given to somebody, called off and begun anew', async ({ rig, serve, open }) => {
    await rig.dreamos('agent register ann --capability ts --max-tasks 2');
    const page = await open(rig, await serve(rig));
    await page.goTo('/tasks');
    await page.keyboard.press('n');
    await page.getByLabel('Title').fill('By hand');
    await page.getByLabel('Body').fill('All of it.');
    await page.getByLabel('Requires').fill('ts');
    await page.getByLabel('Tags').fill('one, two');
    await button(page, 'Create').click();
    await page.locator('h1', { hasText: 'By hand' }).waitFor();
    const id = decodeURIComponent(page.url().split('/').at(-1) ?? '');
    const state = async (): Promise<unknown> => (await rig.dreamos(['task', 'show', id, '--json'])).json[0];
    expect(await state()).toMatchObject({ by: 'planner', state: 'ready', requires: ['ts'], tags: ['one', 'two'] });
    await button(page, 'Assign').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('row', { name: 'reviewer' }).getByText('lacks ts').waitFor();
    // The core has the last word.
    await button(page, 'Give it to reviewer').click();
    await dialog.getByText('it lacks ts').waitFor();
    await button(page, 'Give it to ann').click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.sum').getByText('ann').waitFor();
    expect(await state()).toMatchObject({ state: 'assigned', assignee: 'ann' });
    await button(page, 'Cancel it').click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await state()).toMatchObject({ state: 'assigned' });
    await button(page, 'Cancel it').click();
    await dialog.getByRole('button', { name: 'Call it off' }).click();
    await page.locator('.heading').getByText('cancelled').waitFor();
    await button(page, 'Retry').click();
    await page.locator('.heading').getByText('ready').waitFor();
    await page
      .locator('.events')
      .getByText('retried')
      .first()
      .waitFor({ state: 'attached' })
      .catch(() => undefined);
    await page.getByRole('link', { name: 'A task that waits for it' }).click();
    await page.getByLabel('Title').fill('Behind it');
    await button(page, 'Create').click();
    await page.locator('.around').getByRole('link', { name: 'By hand' }).waitFor();
    await page.goTo(`/task/${id}`);
    await page.locator('.around').getByRole('link', { name: 'Behind it' }).waitFor();
    // The refused one.
    forgiveRefusals(page);
  });

  test('let a person do the task that is his', async ({ rig, serve, open }) => {
    await rig.dreamos('agent start planner');
    const id = await makeTask(rig, '--title', 'Mine');
    const page = await open(rig, await serve(rig));
    await page.goTo('/tasks?agent=planner');
    await column(page, 'assigned').getByRole('link', { name: 'Mine' }).click();
    await button(page, 'Begin it').click();
    await page.locator('.heading').getByText('active').waitFor();
    await page.getByPlaceholder('What came of it').fill('It is in.');
    await button(page, 'Done').click();
    await page.locator('.heading').getByText('done').waitFor();
    expect((await rig.dreamos(['task', 'show', id, '--json'])).json[0]).toMatchObject({
      state: 'done',
      result: 'It is in.',
    });
  });

  test('show who is there, and let him be paused and retired', async ({ rig, serve, open }) => {
    await rig.dreamos(['agent', 'start', 'reviewer', '--note', 'reads patches']);
    await rig.sent('send reviewer text --as planner');
    await rig.dreamos('read --as reviewer');
    const page = await open(rig, await serve(rig));
    await page.goTo('/agents');
    const row = page.getByRole('row', { name: 'reviewer' });
    await row.getByText('busy').waitFor();
    await page.getByRole('row', { name: 'planner' }).getByText('not started').waitFor();
    await row.getByRole('link', { name: 'reviewer' }).click();
    await page.getByRole('region', { name: 'What it holds' }).waitFor();
    await button(page, 'Pause reviewer').click();
    await page.getByText('planner has paused it').waitFor();
    expect((await rig.dreamos('agent show reviewer --json')).json[0]).toMatchObject({ pausedBy: 'planner' });
    await button(page, 'Resume reviewer').click();
    await button(page, 'Pause reviewer').waitFor();
    await button(page, 'Retire reviewer').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect((await rig.dreamos('agent show reviewer --json')).json[0]?.['retiredAt'] ?? null).toBeNull();
    await button(page, 'Retire reviewer').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retire reviewer' }).click();
    await page.getByText('dreamos agent register reviewer').waitFor();
    expect(await rig.dreamos('send reviewer text --as planner')).toMatchObject({ code: 5 });
  });

  test('show what is published, and publish', async ({ rig, serve, open }) => {
    await rig.dreamos('subscribe build.* --as reviewer');
    const page = await open(rig, await serve(rig));
    await page.goTo('/topics');
    await page.getByText('Nothing was ever published').waitFor();
    await rig.dreamos('publish build.done green --subject One --as reviewer');
    const row = page.getByRole('row', { name: 'build.done' });
    await row.getByRole('link', { name: 'reviewer' }).waitFor();
    await row.getByRole('link', { name: 'build.done' }).click();
    await page.locator('.mail').getByText('One').waitFor();
    await button(page, 'Subscribe').click();
    await button(page, 'Unsubscribe from build.done').waitFor();
    await page.getByText('Publish to build.done').click();
    await page.getByLabel('Subject').fill('Two');
    await page.getByLabel('Body').fill('red');
    await button(page, 'Publish').click();
    await page.getByText('and with planner, reviewer').or(page.getByText('and with reviewer, planner')).waitFor();
    await page.locator('.mail').getByText('Two').waitFor();
    const [peeked] = (await rig.dreamos('list reviewer --json')).json.filter(
      ({ message }) => message['subject'] === 'Two',
    );
    expect(peeked?.message).toMatchObject({ body: 'red', from: 'planner', topic: 'build.done' });
    await button(page, 'Unsubscribe from build.done').click();
    await button(page, 'Subscribe').waitFor();
  });

  test('show when schedules come and what became of them, and add and remove them', async ({ rig, serve, open }) => {
    const page = await open(rig, await serve(rig));
    await page.goTo('/schedules');
    await page.keyboard.press('n');
    await page.getByLabel('Name').fill('often');
    await page.getByLabel('When').fill('* * * * * *');
    await page.getByLabel('Time zone').fill('Nowhere/Here');
    await page.getByLabel('To').fill('reviewer');
    await page.getByLabel('Body').fill('well?');
    await button(page, 'Add').click();
    await page.getByText('Nowhere/Here').first().waitFor();
    expect((await rig.dreamos('schedule list --json')).json).toEqual([]);
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    await button(page, 'Add').click();
    await page.locator('h1', { hasText: 'often' }).waitFor();
    await expect.poll(() => page.locator('main ol li').count()).toBe(5);
    // The server sends it: nobody else waits.
    await page.locator('.facts').getByRole('link', { name: 'sent' }).waitFor();
    await page.goTo('/schedules');
    await page.getByRole('row', { name: 'often' }).getByRole('link', { name: 'sent' }).waitFor();
    await button(page, 'Remove often').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove often' }).click();
    await page.getByText('Nothing is sent by the clock').waitFor();
    expect((await rig.dreamos('schedule list --json')).json).toEqual([]);
    forgiveRefusals(page);
  });

  test('repair nothing without being asked', async ({ rig, serve, open }) => {
    await rig.sent('send reviewer text --as planner');
    const page = await open(rig, await serve(rig));
    const ready = join(rig.box('reviewer'), 'ready');
    const spoilt =
      readdirSync(ready, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.json')) ?? '';
    writeFileSync(join(ready, spoilt), '{"v":1,');
    await page.goTo('/doctor');
    await page.locator('.findings', { hasText: 'reviewer' }).first().waitFor();
    await button(page, 'Look again').click();
    expect(readFileSync(join(ready, spoilt), 'utf8')).toBe('{"v":1,');
    await button(page, 'Repair what is safe').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('dreamos doctor --fix').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(existsSync(join(ready, spoilt))).toBe(true);
    await button(page, 'Repair what is safe').click();
    await dialog.getByRole('button', { name: 'Repair' }).click();
    await page.getByText('1 thing repaired').waitFor();
    expect(existsSync(join(ready, spoilt))).toBe(false);
    expect((await rig.dreamos('status reviewer --json')).json[0]).toMatchObject({ ready: 0, corrupt: 1 });
  });

  test(
    'show what was refused to whom, and whether the audit is as it was written',
    { timeout },
    async ({ rig, serve, open }) => {
      await peopled(rig);
      const page = await open(rig, await serve(rig));
      await page.goTo('/audit');
      await page.getByRole('row', { name: 'policy.set' }).first().getByText('done').waitFor();
      await page.getByLabel('Show').selectOption('denied');
      await page.getByRole('row', { name: 'config.set' }).getByText('FORBIDDEN').waitFor();
      await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
      await page.getByLabel('Show').selectOption('all');
      await page.getByLabel('Operation').fill('agent');
      await page.getByRole('row', { name: 'agent.retire' }).waitFor();
      await expect.poll(() => page.getByRole('row', { name: 'policy.set' }).count()).toBe(0);
      await page.getByLabel('By').fill('nobody');
      await page.getByText('Nothing that was noted fits').waitFor();
      await page.getByText('Is it as it was written?').click();
      await button(page, 'Verify').click();
      await page.getByText('Lines and checkpoints agree').waitFor();
      const [day = ''] = readdirSync(join(rig.root, 'audit')).filter((name) => /^\d{4}-.*\.jsonl$/.test(name));
      const file = join(rig.root, 'audit', day);
      // The first line: a checkpoint has proved it.
      writeFileSync(file, readFileSync(file, 'utf8').replace('"result":"done"', '"result":"failed"'));
      await button(page, 'Verify').click();
      await page.getByText('It is not as it was written').waitFor();
    },
  );

  test('show which alerts fire, and silence one', async ({ rig, serve, open }) => {
    const id = await rig.sent('send reviewer text --as planner');
    await rig.dreamos('read --as reviewer');
    await rig.dreamos(['nack', id, '--dead', '--as', 'reviewer']);
    const page = await open(rig, await serve(rig));
    await page.goTo('/alerts');
    await page.getByRole('row', { name: 'dead' }).getByText('firing').waitFor();
    await button(page, 'Silence dead for two hours').click();
    await page.getByRole('row', { name: 'dead' }).getByText('silenced').waitFor();
    expect((await rig.dreamos('alerts list --json')).json.find((one) => one['alert'] === 'dead')).toMatchObject({
      state: 'silenced',
    });
    await button(page, 'Tell again of dead').click();
    await page.getByRole('row', { name: 'dead' }).getByText('firing').waitFor();
  });

  test(
    'have nothing that changes anything where the server is read-only',
    { timeout },
    async ({ rig, serve, open }) => {
      const views = await peopled(rig);
      const page = await open(rig, await serve(rig, '--read-only'));
      await page.getByText('read only').waitFor();
      const doing =
        /Pause|Resume|Retire|Assign|Cancel it|Retry|Done|Begin|Subscribe|Unsubscribe|Publish|Remove|Repair|Silence|Create|Add$/;
      for (const [name, hash] of views) {
        await page.goTo(hash);
        await settled(page);
        expect(await button(page, doing).count(), name).toBe(0);
        expect(await page.getByRole('link', { name: /New|that waits for it|A part of it/ }).count(), name).toBe(0);
      }
      await page.goTo('/doctor');
      await button(page, 'Look again').click();
      await page.locator('.findings').or(page.getByText('Nothing is wrong.')).first().waitFor();
    },
  );
});
