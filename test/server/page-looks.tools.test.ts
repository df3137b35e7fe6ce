/** How the page looks to whom: axe on every view in both themes, on a narrow page, and by keys alone. */
import { beforeAll, describe, expect } from 'vitest';
import { demand, said, skips } from '../lack.ts';
import { filled } from './page/addresses.ts';
import { faultsAt, faultsOf, settled } from './page/axe.ts';
import { lack, test } from './page/rig.ts';

beforeAll(() => demand(lack));

describe.skipIf(skips(lack))(said('how the page looks', lack), () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`is good for everybody in ${colorScheme}, and as narrow as 320 pixels`, async ({ rig, serve, open }) => {
      const views = await filled(rig);
      const page = await open(rig, await serve(rig), { colorScheme });
      const faults = await faultsAt(page, views);
      await page.getByRole('button', { name: 'Menu' }).click();
      faults.push(...(await faultsOf(page)));
      expect(faults).toEqual([]);
    }, 240_000);
  }

  test('has its own switch between light and dark, which it keeps', async ({ rig, serve, open }) => {
    const page = await open(rig, await serve(rig), { colorScheme: 'light' });
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByLabel('Colours').selectOption('dark');
    await expect.poll(ground).not.toBe(light);
    await page.reload();
    await page.locator('main h1').waitFor();
    expect(await ground()).not.toBe(light);
  });

  test('can be used by keys alone', async ({ rig, serve, open }) => {
    await rig.sent('send planner --subject One text --as reviewer');
    await rig.sent('send planner --subject Two text --as reviewer');
    const page = await open(rig, await serve(rig));
    await settled(page);
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('To the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.locator('main h1', { hasText: 'Inbox' }).waitFor();
    await page.getByText('Two').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await focused()).toContain('Two');
    await page.keyboard.press('k');
    expect(await focused()).toContain('One');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Take it' }).waitFor();
    // The list keeps the focus, and its place.
    expect(await focused()).toContain('One');
    await page.keyboard.press('t');
    await page.getByRole('button', { name: 'Done' }).waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('an answer with j, k and e in it');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Single keys do something').click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    expect((await rig.dreamos('list planner --json')).json.map(({ state }) => state).sort()).toEqual([
      'inflight',
      'ready',
    ]);
    await page.getByLabel('Answer to reviewer').press('Control+Enter');
    await page.getByText('is with reviewer').waitFor();
    const { json } = await rig.dreamos('peek reviewer --json');
    expect(json[0]?.message.body).toBe('an answer with j, k and e in it');
  });
});
