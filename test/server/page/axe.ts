/** What of a page a program can see to be bad for somebody. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect } from 'vitest';
import type { Opened } from './rig.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What of WCAG 2.2 A and AA a program can see, as lines to read. */
export async function faultsOf(page: Opened): Promise<string[]> {
  // Not by a script element: the page's policy would refuse it.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate(async () => {
    const { axe: checks } = globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return checks.run({ runOnly: { type: 'tag', values: tags } });
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`),
  );
}

/** Until nothing is waited for. */
export async function settled(page: Opened): Promise<void> {
  await expect.poll(() => page.locator('.waiting').count(), { timeout: 20_000 }).toBe(0);
  await page.locator('.link[data-link=live]').waitFor();
}

/** Goes to each of the addresses, wide and as narrow as 320 pixels. @returns a line for each fault */
export async function faultsAt(
  page: Opened,
  addresses: readonly (readonly [name: string, hash: string])[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const [name, hash] of addresses) {
    await page.goTo(hash);
    await settled(page);
    faults.push(...(await faultsOf(page)).map((fault) => `${name}: ${fault}`));
  }
  await page.setViewportSize({ width: 320, height: 700 });
  for (const [name, hash] of addresses) {
    await page.goTo(hash);
    await settled(page);
    const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    if (over > 0) faults.push(`${name}: wider than the page by ${over}`);
  }
  return faults;
}
