/** What the page sends, and what it asks for again. */
import { beforeAll, describe, expect } from 'vitest';
import { openRoot, sessionOn } from '../../src/core/open-root.ts';
import { sendAll } from '../../src/core/send/send.ts';
import { demand, said, skips } from '../lack.ts';
import { forgiveRefusals, lack, test } from './page/rig.ts';

beforeAll(() => demand(lack));

describe.skipIf(skips(lack))(said('the page', lack), () => {
  test('sends an answer once, however often its keys are pressed', async ({ rig, serve, open }) => {
    const id = await rig.sent('send planner question --as reviewer');
    const page = await open(rig, await serve(rig));
    await page.goTo(`/inbox/${id}`);
    let asked = 0;
    let answerAll = (): void => undefined;
    const pressed = new Promise<void>((resolve) => (answerAll = resolve));
    await page.route('**/v1/reply', async (route) => {
      asked += 1;
      await pressed;
      await route.continue();
    });
    await page.getByLabel('Answer to reviewer').fill('It is.');
    for (let i = 0; i < 3; i++) await page.keyboard.press('Control+Enter');
    answerAll();
    await page.getByText('Your answer is with reviewer').waitFor();
    expect(asked).toBe(1);
    expect((await rig.dreamos('status reviewer --json')).json[0]).toMatchObject({ ready: 1 });
  });

  test('has what its person has sent, the newest first, also where that is more than a page', async ({
    rig,
    serve,
    open,
  }) => {
    const root = await openRoot({ root: rig.root });
    const session = sessionOn(root, { as: 'planner', warn: (message) => expect.unreachable(message) });
    const drafts = Array.from({ length: 130 }, (_, i) => ({ to: 'reviewer', subject: `Nr ${i}`, body: 'text' }));
    await sendAll(session, drafts);
    await root.close();
    await rig.sent('send reviewer --subject Last text --as planner');
    const page = await open(rig, await serve(rig));
    await page.goTo('/inbox?side=sent');
    await page.getByText('1–100 of 131').waitFor();
    expect(await page.locator('.mail b').first().textContent()).toBe('Last');
    await page.keyboard.press(']');
    await page.getByText('101–131 of 131').waitFor();
    await page.locator('.mail a').last().click();
    await page.locator('.reading .body').waitFor();
    await page.getByText('101–131 of 131').waitFor();
    await page.keyboard.press('u');
    await expect.poll(() => page.locator('.reading').count()).toBe(0);
    expect(await page.locator('.mail a').count()).toBe(31);
    await page.goTo('/inbox?side=sent&from=abc');
    await page.getByText('1–100 of 131').waitFor();
    await page.goTo('/inbox?side=sent&from=-7.5');
    await page.getByText('1–100 of 131').waitFor();
    await page.goTo('/inbox?side=sent&from=999');
    await page.getByText('131–131 of 131').waitFor();
  });

  test('names the mailbox in which something does not go on', async ({ rig, serve, open }) => {
    await rig.sent('send reviewer text --as planner');
    expect(await rig.dreamos('pause reviewer')).toMatchObject({ code: 0 });
    const page = await open(rig, await serve(rig));
    const stuck = page.getByRole('list', { name: 'What does not go on by itself' });
    await stuck.getByText('1 unfinished message is in it').waitFor();
    await stuck.getByRole('link', { name: 'reviewer', exact: true }).click();
    await page.locator('main h1', { hasText: 'reviewer' }).waitFor();
  });

  test('says that its person may not watch, and asks no more for what is refused', async ({ rig, serve, open }) => {
    const policy = { roles: { blind: { allow: { send: ['*'], manage: ['*'], admin: ['*'] } } }, everyone: ['blind'] };
    expect(await rig.dreamos('policy set -', { stdin: JSON.stringify(policy) })).toMatchObject({ code: 0 });
    const page = await open(rig, await serve(rig));
    await page.getByText('you may not watch').waitFor();
    await page.getByRole('alert').getByText('FORBIDDEN').waitFor();
    await page.clock.install();
    await page.reload();
    await page.getByText('you may not watch').waitFor();
    await page.getByRole('alert').getByText('FORBIDDEN').waitFor();
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname));
    await page.clock.fastForward('05:00');
    await page.getByRole('link', { name: 'Alerts' }).click();
    await page.getByRole('heading', { name: 'Alerts' }).waitFor();
    await page.getByRole('alert').getByText('FORBIDDEN').waitFor();
    // By the view that has come.
    expect(asked.filter((path) => path.startsWith('/v1/'))).toEqual(['/v1/alerts/list']);
    forgiveRefusals(page);
  });
});
