/** The page at work: real processes, a real browser. */
import { beforeAll, describe, expect } from 'vitest';
import { listDead } from '../../src/core/keep/dlq.ts';
import { openRoot, sessionOn } from '../../src/core/open-root.ts';
import { sendAll } from '../../src/core/send/send.ts';
import { readNext } from '../../src/core/take/read.ts';
import { nack } from '../../src/core/take/settle.ts';
import { gather } from '../core/rig.ts';
import { type Rig, until } from '../e2e/rig.ts';
import { demand, said, skips } from '../lack.ts';
import { forgiveRefusals, lack, test } from './page/rig.ts';

beforeAll(() => demand(lack));

/** Has so many messages to reviewer die: by their time-to-live, or by who has claimed them. */
async function kill(rig: Rig, count: number, reason?: string): Promise<void> {
  const root = await openRoot({ root: rig.root });
  try {
    const session = sessionOn(root, { as: 'reviewer', warn: (message) => expect.unreachable(message) });
    const draft = { to: 'reviewer', from: 'planner', body: 'dies', ...(reason === undefined && { ttlMs: 1 }) };
    await sendAll(
      session,
      Array.from({ length: count }, () => draft),
    );
    for (let i = 0; reason !== undefined && i < count; i++) {
      const delivery = await readNext(session, 'reviewer');
      await nack(session, delivery?.receipt ?? '', { dead: true, reason });
    }
    // Each is a sync, and the first look does it: the page would wait for all of them.
    await gather(listDead(session, 'reviewer', { limit: 1 }));
  } finally {
    await root.close();
  }
}

describe.skipIf(skips(lack))(said('the page', lack), () => {
  test('shows what is sent in a terminal, without being asked', async ({ rig, serve, open }) => {
    const page = await open(rig, await serve(rig));
    await page.goTo('/mail/reviewer');
    await page.getByText('Nothing is ready in reviewer').waitFor();
    expect(await page.locator('.empty pre').textContent()).toContain('dreamos send reviewer "hello"');
    await rig.sent('send reviewer --subject Arrived <b>text</b> --as planner');
    await page.locator('.mail').getByText('Arrived').click();
    // As text, whatever it looks like.
    await expect.poll(() => page.locator('.body').textContent()).toBe('<b>text</b>');
    expect((await rig.dreamos('status reviewer --json')).json[0]).toMatchObject({ ready: 1, inflight: 0 });
  });

  test('takes its token out of the address, and lets nobody in without one', async ({ rig, serve, open }) => {
    const server = await serve(rig);
    const page = await open(rig, server);
    await page.getByRole('link', { name: 'reviewer' }).waitFor();
    expect(page.url()).toBe(`${server.origin}/`);
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByText('dreamos dashboard').waitFor();
    await page.getByLabel('Or a token').fill('dreamos_nobody_nothing');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('This page needs a token').waitFor();
    expect(await page.getByRole('link', { name: 'reviewer' }).count()).toBe(0);
    forgiveRefusals(page);
  });

  test('misses nothing when the server begins anew', async ({ rig, serve, open }) => {
    const server = await serve(rig);
    const page = await open(rig, server);
    await page.locator('.link[data-link=live]').waitFor();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await server.stop(signal);
      await page.getByText('Not connected').waitFor();
      const id = await rig.sent(`send reviewer --subject During-${signal} text --as planner`);
      await server.start();
      await page.locator('.link[data-link=live]').waitFor();
      // The stream goes on where it ended: it is among what was heard, and not only among what is there.
      await page
        .locator('.events')
        .getByRole('link', { name: `During-${signal}` })
        .waitFor();
      expect(
        await page
          .locator('.events')
          .getByRole('link', { name: `During-${signal}` })
          .getAttribute('href'),
      ).toBe(`#/message/${id}`);
    }
    forgiveRefusals(page);
  });

  test('rests while it is hidden, and then has what came meanwhile', async ({ rig, serve, open }) => {
    const page = await open(rig, await serve(rig));
    await page.locator('.link[data-link=live]').waitFor();
    const hide = (hidden: boolean): Promise<void> =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    await hide(true);
    await page.getByText('Paused').waitFor();
    let requests = 0;
    page.on('request', () => (requests += 1));
    await rig.sent('send reviewer --subject Meanwhile text --as planner');
    expect(requests).toBe(0);
    await hide(false);
    await page.locator('.events').getByText('Meanwhile').waitFor();
  });

  test('redrives a thousand that match, counted and asked before, and leaves the others', async ({
    rig,
    serve,
    open,
  }) => {
    await kill(rig, 12, 'timeout');
    await kill(rig, 1000);
    const page = await open(rig, await serve(rig));
    page.setDefaultTimeout(120_000);
    await page.goTo('/dlq');
    // Nobody has said which: not all of all mailboxes.
    await page.getByText('Find some, or choose a mailbox').waitFor();
    expect(await page.locator('.mail li').count()).toBe(100);
    await page.keyboard.press(']');
    await page.getByText('101–200').waitFor();
    await page.keyboard.press('[');
    await page.getByText('1–100', { exact: true }).waitFor();
    await page.getByLabel('Find').fill('time-to-live');
    await page.getByRole('button', { name: 'Redrive all that match' }).click();
    const question = page.getByRole('dialog');
    await question.getByText('1,000 dead letters of all mailboxes, dead because of time-to-live').waitFor();
    // The focus begins where nothing happens.
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    expect((await rig.dreamos('status reviewer --json')).json[0]).toMatchObject({ dead: 1012, ready: 0 });
    await page.getByRole('button', { name: 'Redrive all that match' }).click();
    await question.getByRole('button', { name: 'Redrive 1,000 messages' }).click();
    await page.getByText('1,000 are ready again').waitFor();
    expect((await rig.dreamos('status reviewer --json')).json[0]).toMatchObject({ dead: 12, ready: 1000 });
    await page.getByText('fits “time-to-live”').waitFor();
    await page.goTo('/dlq/reviewer');
    await page.getByRole('button', { name: 'Redrive all of reviewer' }).waitFor();
    expect(await page.locator('.mail li').count()).toBe(12);
    // A thousand dead letters are as many syncs, on a disk that others use as well.
  }, 480_000);

  test('rolls a setting back to what it was', async ({ rig, serve, open }) => {
    await rig.dreamos(['config', 'set', 'lease', '10m', '--note', 'slow builds', '--as', 'planner']);
    await rig.dreamos('config set lease 15m --as planner');
    const page = await open(rig, await serve(rig));
    await page.goTo('/settings/history');
    await page.getByText('slow builds').waitFor();
    await page.getByRole('button', { name: 'Roll back to version 1' }).click();
    const question = page.getByRole('dialog');
    await question.getByText('1 setting would change').waitFor();
    await expect.poll(() => question.locator('.differences').innerText()).toMatch(/lease\s+15m → 10m/);
    await question.getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('Version 3', { exact: true }).waitFor();
    expect((await rig.dreamos('config get lease')).out.trim()).toBe('10m');
    const [newest] = (await rig.dreamos('config history --json')).json;
    expect(newest).toMatchObject({ version: 3, by: 'planner', state: 'in force' });
  });

  test('writes as its person, and gets the answer', async ({ rig, serve, open }) => {
    const page = await open(rig, await serve(rig));
    await page.goTo('/compose');
    await page.getByLabel('To').fill('reviewer');
    await page.getByLabel('Subject').fill('A question');
    await page.getByLabel('Body').fill('Is it ready?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('is with reviewer').waitFor();
    const [read] = (await rig.dreamos('read --json --as reviewer')).json;
    expect(read?.message).toMatchObject({ from: 'planner', body: 'Is it ready?' });
    await page.goTo('/inbox');
    await rig.dreamos(['reply', read?.message.id ?? '', 'It is.', '--ack', '--as', 'reviewer']);
    await page.locator('.mail').getByText('A question').click();
    await page.locator('.reading').getByText('It is.').waitFor();
    // Looking has claimed nothing.
    expect((await rig.dreamos('status planner --json')).json[0]).toMatchObject({ ready: 1, inflight: 0 });
    await page.getByRole('button', { name: 'Take it' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Nothing waits for planner').waitFor();
    expect((await rig.dreamos('status planner --json')).json[0]).toMatchObject({ ready: 0, inflight: 0, archived: 1 });
  });

  test('hides what changes something where the server is read-only', async ({ rig, serve, open }) => {
    await rig.sent('send planner text --as reviewer');
    const page = await open(rig, await serve(rig, '--read-only'));
    await page.getByText('read only').waitFor();
    await page.goTo('/inbox');
    await page.locator('.mail a').first().click();
    await page.locator('.reading .body').waitFor();
    for (const name of ['Take it', 'Answer', 'Take it back'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    await page.goTo('/compose');
    await page.getByText('lets nobody change anything').waitFor();
  });

  test('is filled within a second with a hundred mailboxes', async ({ rig, serve, open }) => {
    const names = Array.from({ length: 98 }, (_, i) => `agent-${i}`);
    await rig.dreamos(['init', ...names, '--quiet']);
    await rig.sent(['send', '@all', 'hello', '--as', 'planner']);
    const server = await serve(rig);
    const page = await open(rig, server);
    await until('all of them are there', async () => (await page.locator('tbody tr').count()) === 100);
    // In processor time, because others work on the machine as well; what it waits for a disk is not in it.
    const metrics = await page.context().newCDPSession(page);
    await metrics.send('Performance.enable');
    const usedMs = async (): Promise<number> => {
      const all = await metrics.send('Performance.getMetrics');
      const thread = all.metrics.find(({ name }) => name === 'ThreadTime')?.value;
      expect(thread).toBeGreaterThan(0);
      return server.usedMs() + (thread ?? 0) * 1000;
    };
    const before = await usedMs();
    await page.reload({ waitUntil: 'commit' });
    await until('all of them are there', async () => (await page.locator('tbody tr').count()) === 100);
    expect((await usedMs()) - before).toBeLessThan(1000);
  });
});
